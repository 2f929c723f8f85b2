"""French is the language of the code; English must be whole. Read without gettext's tools, which few have."""

import ast
import gettext
import re
from pathlib import Path

import pytest

import website

TOP = Path(website.__file__).parent
CATALOG = TOP / "locale" / "en" / "LC_MESSAGES"
RENEW = """Renew the catalog, with gettext's tools, in src/website:
django-admin makemessages -l en --no-wrap --no-location -e html,txt,py
then translate what is new, and django-admin compilemessages
"""
CALLS = {"_", "gettext", "gettext_lazy", "gettext_noop"}


def messages(po: Path) -> dict[str, list[str]]:
    """Each message of the catalog and its translations. A message without any has an empty one."""
    found: dict[str, list[str]] = {}
    for block in po.read_text(encoding="utf-8").split("\n\n"):
        texts: dict[str, str] = {}
        key = ""
        for line in block.splitlines():
            if match := re.fullmatch(r'(?:(msgid|msgid_plural|msgstr(?:\[\d\])?) )?(".*")', line):
                key = match[1] or key
                texts[key] = texts.get(key, "") + ast.literal_eval(match[2])
        if texts.get("msgid"):
            found[texts["msgid"]] = [text for name, text in texts.items() if name.startswith("msgstr")]
    return found


def used() -> set[str]:
    """The messages of templates and code."""
    found = set()
    for file in [*TOP.rglob("*.html"), *TOP.rglob("*.txt")]:
        text = file.read_text(encoding="utf-8")
        found |= set(re.findall(r'{%\s*translate "((?:[^"\\]|\\.)*)"', text))
        for block in re.findall(r"{% blocktranslate.*?%}(.*?){% endblocktranslate %}", text, re.DOTALL):
            found.add(re.sub(r"{{ (\w+) }}", r"%(\1)s", block.split("{% plural %}")[0]))
    for file in TOP.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
                found |= {argument.value for argument in node.args if isinstance(argument, ast.Constant)}
    return found


def test_catalogue_holds_exactly_the_used_messages():
    assert set(messages(CATALOG / "django.po")) == used(), RENEW


def test_texts_have_the_apostrophes_and_spaces_of_print():
    """A space that may break puts a lonely mark at the start of a line. Angular's texts are the same people's."""
    client = TOP.parents[1] / "frontend" / "src" / "app" / "i18n" / "fr.ts"
    # The image holds the site alone.
    written = client.read_text(encoding="utf-8") if client.exists() else ""
    french = [*used(), *re.findall(r'"((?:[^"\\\n]|\\.)+)"', written)]
    english = [text for texts in messages(CATALOG / "django.po").values() for text in texts]
    assert [text for text in [*french, *english] if re.search(r"[^\W\d_]'[^\W\d_]", text)] == []
    assert [text for text in french if re.search(r"« | »| [:;?!](?=\s|$|<)", text)] == []
    assert [text for text in english if '"' in re.sub("<[^>]*>", "", text)] == []


def test_no_translation_is_empty_or_guessed():
    po = CATALOG / "django.po"
    assert [message for message, translations in messages(po).items() if not all(translations)] == []
    assert not re.search(r"^#,.*fuzzy", po.read_text(encoding="utf-8"), re.MULTILINE)


def test_translations_keep_their_placeholders():
    for message, translations in messages(CATALOG / "django.po").items():
        for translation in translations:
            assert set(re.findall(r"%\(\w+\)s", translation)) == set(re.findall(r"%\(\w+\)s", message))


def test_compiled_catalogue_is_up_to_date():
    with (CATALOG / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for message, translations in messages(CATALOG / "django.po").items():
        if len(translations) == 1:
            assert compiled.gettext(message) == translations[0]
        else:
            assert [compiled.ngettext(message, "", count) for count in (1, 2)] == translations


@pytest.mark.parametrize(
    ("accept", "words"),
    [("fr", "Fraîchement débarqués"), ("en-GB,en;q=0.9", "Fresh off the boat"), ("de", "Fraîchement débarqués")],
)
def test_page_follows_the_browsers_language_else_french(client, db, accept, words):
    response = client.get("/store/", headers={"accept-language": accept})
    assert words in response.text
    assert "Accept-Language" in response["Vary"]


def test_the_switch_changes_the_language_and_stays_on_the_page(client, shop):
    response = client.post("/i18n/setlang/", {"language": "en", "next": "/store/search/?query=eau"})
    assert (response.status_code, response.url) == (302, "/store/search/?query=eau")
    text = client.get(response.url, headers={"accept-language": "fr"}).text
    assert '<html lang="en">' in text
    assert 'value="en" lang="en" title="English" aria-label="EN – English" aria-current="true"' in text


def test_language_switch_redirects_only_within_the_site(client, db):
    assert client.post("/i18n/setlang/", {"language": "en", "next": "https://evil.example/"}).url == "/"
