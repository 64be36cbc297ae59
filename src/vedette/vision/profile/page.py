"""Writes a profile as one page: no network, no script, pictures within; two languages, dark and light, prints well.

Pure. Everything of files (their names, what was wrong with them) is escaped, and the page's policy forbids scripts.
"""

import base64
from collections.abc import Mapping, Sequence
from html import escape

from vedette.vision.profile.page_words import read_words
from vedette.vision.profile.profile import Entry, Example, OwnerEntry, Profile, ToldOf

_STYLE = """
:root { --ground: #14181d; --card: #1d232b; --ink: #e8ecf1; --soft: #9aa6b5; --line: #2f3843; --mark: #4cc2a5; }
@media (prefers-color-scheme: light) {
  :root { --ground: #f6f7f9; --card: #fff; --ink: #1a2028; --soft: #5a6675; --line: #d9dee5; --mark: #0f7f66; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.75rem; margin: 1rem 0 .25rem; } h2 { font-size: 1.125rem; margin: 2rem 0 .5rem; }
p, dd { margin: .25rem 0; } .soft { color: var(--soft); }
.tongues { text-align: right; padding: .5rem 1rem; } .tongues label { margin-left: 1rem; cursor: pointer; }
input { position: absolute; opacity: 0; }
#en:focus-visible ~ .tongues [for=en], #vi:focus-visible ~ .tongues [for=vi] { outline: 2px solid var(--mark); }
#en:checked ~ main [lang=vi], #vi:checked ~ main [lang=en] { display: none; }
.entry { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; }
.entry { padding: .75rem 1rem; margin: .5rem 0; } .entry b { font-weight: 600; }
.bar { height: .25rem; background: var(--line); border-radius: .125rem; margin: .5rem 0; }
.bar i { display: block; height: 100%; background: var(--mark); border-radius: .125rem; }
.row { display: flex; flex-wrap: wrap; gap: .5rem; } figure { margin: 0; width: 8.5rem; }
figure img { width: 100%; height: 6rem; object-fit: cover; border-radius: .25rem; display: block; }
figcaption { font-size: .75rem; color: var(--soft); overflow-wrap: anywhere; }
@media print {
  :root { --ground: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --mark: #444; }
  .tongues { display: none; } .entry { break-inside: avoid; } .bar i { print-color-adjust: exact; }
}
"""
_SECTIONS = ("hobbies", "occupations", "lifestyle", "scenes", "objects")
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def render_page(profile: Profile, pictures: Mapping[str, bytes]) -> str:
    """The page. `pictures`: those that the profile names, by name."""
    return _Page(read_words(), pictures).render(profile)


class _Page:
    """Writes the parts with their words and pictures."""

    def __init__(self, words: Mapping[str, tuple[str, str]], pictures: Mapping[str, bytes]) -> None:
        self._words, self._pictures = words, pictures

    def render(self, profile: Profile) -> str:
        seen, say = profile.gallery, self._say
        parts = [
            f"<h1>{say('title')}</h1><p class=soft>{say('intro')}</p>",
            f"<p class=soft>{escape(profile.made_at)} · {escape(profile.taxonomy)}</p>",
            f"<p><b>{say(profile.reason)}</b></p>" if profile.reason else "",
            f"<h2>{say('gallery')}</h2>",
            f"<p>{seen.pictures} {say('pictures')}, {seen.videos} {say('videos')}.</p>",
            f"<p>{seen.occasions} {say('occasions')}.</p>",
            self._render_owner(profile.owner),
        ]
        parts += [self._render_entries(name, getattr(profile, name)) for name in _SECTIONS]
        if seen.not_looked_at:
            rows = "".join(f"<p>{escape(fault.path)}: {escape(fault.error)}</p>" for fault in seen.not_looked_at)
            parts.append(f"<h2>{say('not_looked_at')}</h2><div class=soft>{rows}</div>")
        parts += [f"<h2>{say(name)}</h2><p>{say(f'{name}_text')}</p>" for name in ("how", "delete")]
        return _frame(self._words["title"][0], "\n".join(parts))

    def _say(self, key: str) -> str:
        return _both(*self._words[key])

    def _render_owner(self, owner: OwnerEntry) -> str:
        head = f"<h2>{self._say('owner')}</h2>"
        if owner.state == "cannot_tell":
            return f"{head}<p class=soft>{self._say('nothing')} {self._say(owner.reason)}</p>"
        age = f"<p>{self._say('age')}: {self._render_told(owner.age_group)}</p>"
        sex = f"<p>{self._say('sex')}: {self._render_told(owner.sex)}</p>"
        counted = f"<p class=soft>{owner.occasions} {self._say('shown_by')}</p>"
        return f"{head}<div class=entry>{age}{sex}{counted}{self._render_examples(owner.examples)}</div>"

    def _render_told(self, told: ToldOf) -> str:
        if told.value is None:
            return f"<span class=soft>{self._say(told.reason)}</span>"
        value = self._say(told.value) if told.value in self._words else escape(told.value)
        return f"<b>{value}</b> <span class=soft>{told.confidence:.0%} {self._say('sure')}</span>"

    def _render_entries(self, name: str, entries: Sequence[Entry]) -> str:
        rows = "".join(map(self._render_entry, entries)) or f"<p class=soft>{self._say('nothing')}</p>"
        return f"<h2>{self._say(name)}</h2>{rows}"

    def _render_entry(self, entry: Entry) -> str:
        title = f"<b>{_both(entry.title['en'], entry.title['vi'])}</b>"
        counted = f"{entry.confidence:.0%} {self._say('sure')} · {entry.occasions} {self._say('shown_by')}"
        bar = f'<div class=bar><i style="width:{entry.confidence:.0%}"></i></div>'
        shown = self._render_examples(entry.examples)
        return f"<div class=entry>{title} <span class=soft>{counted}</span>{bar}{shown}</div>"

    def _render_examples(self, examples: Sequence[Example]) -> str:
        return f"<div class=row>{''.join(map(self._render_example, examples))}</div>"

    def _render_example(self, example: Example) -> str:
        data = base64.b64encode(self._pictures[example.picture]).decode("ascii")
        name = example.path.rpartition("/")[2] + (f", {example.at_s:.0f} s" if example.at_s is not None else "")
        image = f'<img alt="" src="data:image/jpeg;base64,{data}">'
        return f"<figure>{image}<figcaption>{escape(name)}</figcaption></figure>"


def _both(english: str, vietnamese: str) -> str:
    return f'<span lang="en">{escape(english)}</span><span lang="vi">{escape(vietnamese)}</span>'


def _frame(title: str, body: str) -> str:
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="dark light"><title>{title}</title><style>{_STYLE}</style></head><body>\n'
        '<input type="radio" name="tongue" id="en" checked><input type="radio" name="tongue" id="vi">\n'
        '<div class="tongues"><label for="en">English</label><label for="vi">Tiếng Việt</label></div>\n'
        f"<main>\n{body}\n</main></body></html>\n"
    )
