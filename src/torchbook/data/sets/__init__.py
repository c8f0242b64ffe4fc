"""The data sets, one module each. `registry` names those that the command line knows."""
