"""Settings of the kernels that run the chapters during the build."""

c = get_config()  # noqa: F821 - IPython defines it

# Figures arrive as SVG, which the page shows in the colours of its theme.
c.InlineBackend.figure_formats = {"svg"}

# Not on the reader's mind: that kernel and build talk over the loopback device unencrypted.
c.IPKernelApp.log_level = "ERROR"
