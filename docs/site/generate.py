"""Makes the site of the pages and the headers; see `build`."""
import html
import pathlib
import posixpath
import re
import shutil
import sys
from urllib.parse import unquote

from markdown_it import MarkdownIt
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.lexers.c_cpp import CppLexer
from pygments.util import ClassNotFound

import declarations

FLOORS = {
    "": ("Everything", "what is included to have most of it"),
    "core": ("Core", "bytes, results and errors, readers and sinks, reflection"),
    "hash": ("Hashes", "checksums and digests"),
    "storage": ("Storages", "where objects lie, and how they are published"),
    "codec": ("Codecs", "formats as lists of fields, and the other encodings"),
    "s3": ("Object stores", "the S3 protocol"),
    "manager": ("Managers", "numbered versions, and which of them stay"),
    "chain": ("Chains", "full and incremental snapshots of keyed records"),
    "log": ("Logs", "records, one after the other"),
    "delta": ("Histories", "samples as keyframes and deltas"),
    "replay": ("Replay", "what a program did, done again"),
    "stream": ("Streams", "snapshots on their way to somebody else"),
    "formats": ("Formats", "files of other programs, byte for byte"),
}
NAVIGATION = [
    ("", ["README.md", "docs/tour.md", "docs/choosing.md", "docs/comparison.md", "docs/speed.md"]),
    ("Saving", ["docs/durability.md", "docs/chains.md", "docs/history.md", "docs/series.md", "docs/log.md",
                "docs/replay.md", "docs/policies.md"]),
    ("Encoding", ["docs/architecture.md", "docs/json.md", "docs/bincode.md", "docs/columns.md",
                  "docs/protobuf.md"]),
    ("Using", ["docs/packaging.md", "docs/errors.md", "docs/debugging.md", "docs/tool.md", "docs/versions.md",
               "docs/CHANGELOG.md"]),
    ("Elsewhere", ["docs/streams.md", "docs/wires.md", "docs/raft.md", "docs/object-stores.md",
                   "docs/leases.md", "docs/segments.md"]),
]

warnings = []
COLOURS = HtmlFormatter(nowrap=True)


def warn(text):
    warnings.append(text)
    print(f"warning: {text}", file=sys.stderr)


def slug(heading):
    """The anchor that a heading gets where the pages are read as files."""
    text = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return text.replace(" ", "-")


def coloured(code, language):
    try:
        lexer = get_lexer_by_name(language, stripnl=False) if language else None
    except ClassNotFound:
        lexer = None
    return highlight(code, lexer, COLOURS) if lexer else html.escape(code)


class Site:
    def __init__(self, top, out):
        self.top, self.out = top, out
        self.pages = {}     # of the project's files: where each is on the site
        self.anchors = {}   # of the site's pages: what can be linked to
        self.links = []     # (from, to, anchor, said in)
        self.titles = {}
        self.sources = {}   # files that pages link to and that are no pages
        self.names = {}     # public names, and where they are described
        self.written = []

    def relative(self, place, target):
        return posixpath.relpath(target, posixpath.dirname(place) or ".")

    # A page's place, its title and what is in it, as one file.
    def write(self, place, title, content, toc=()):
        path = self.out / place
        path.parent.mkdir(parents=True, exist_ok=True)
        parts = "".join(f'<li><a href="#{anchor}">{html.escape(text)}</a></li>' for anchor, text in toc)
        aside = f'<aside><p>On this page</p><ul>{parts}</ul></aside>' if len(toc) > 2 else ""
        root = self.relative(place, ".")
        path.write_text(f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{html.escape(title)}{'' if title == 'tintype' else ' · tintype'}</title>
<link rel="stylesheet" href="{root}/style.css">
</head>
<body>
<header><a class="name" href="{root}/index.html">tintype</a>
<a href="{root}/tour.html">Tour</a><a href="{root}/reference/index.html">Reference</a></header>
<div class="columns">
<nav><details><summary>Pages</summary>{self.navigation(place)}</details></nav>
<main>{content}</main>
{aside}</div>
<script>if(matchMedia("(min-width:62rem)").matches)document.querySelector("nav details").open=true</script>
</body>
</html>
""")
        self.written.append(place)
        self.anchors.setdefault(place, set()).update(re.findall(r'\bid="([^"]+)"', content))

    def navigation(self, place):
        def item(target, text):
            here = ' aria-current="page"' if target == place else ""
            return f'<li><a href="{self.relative(place, target)}"{here}>{html.escape(text)}</a></li>'
        listed, told = "", set()
        groups = [(title, [each for each in names if each in self.titles]) for title, names in NAVIGATION]
        told = {name for _, names in groups for name in names}
        formats = sorted(name for name in self.titles if name.startswith("docs/formats/"))
        rest = sorted(name for name in self.titles if name not in told and name not in formats)
        for title, names in [*groups, ("Formats", formats), ("More", rest)]:
            if names:
                listed += f"<p>{title}</p>" if title else ""
                listed += "<ul>" + "".join(item(self.pages[name], self.titles[name]) for name in names) + "</ul>"
        listed += "<p>Reference</p><ul>"
        for floor, (title, _) in FLOORS.items():
            listed += item(f"reference/{floor or 'all'}.html", title)
        return listed + "</ul>"

    # Where a link of a page leads on the site, or None.
    def resolved(self, source, href):
        target, _, anchor = href.partition("#")
        target = unquote(target)
        file = posixpath.normpath(posixpath.join(posixpath.dirname(source), target)) if target else source
        if file in self.pages:
            return self.pages[file], anchor
        if not (self.top / file).exists():
            warn(f"{source}: the link {href} leads nowhere")
            return None
        if file.startswith("include/tintype/") and file.endswith(".hpp"):
            place = "reference/" + file.removeprefix("include/tintype/").removesuffix(".hpp") + ".html"
            return place, anchor
        place = f"source/{file}.html" if (self.top / file).is_file() else f"source/{file}/index.html"
        if file.endswith((".svg", ".png")):
            place = file.removeprefix("docs/")
            (self.out / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.top / file, self.out / place)
            self.anchors[place] = set()
        else:
            self.sources[file] = place
        return place, anchor

    def markdown(self, source, place, text):
        reader = MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough")
        tokens = reader.parse(text)
        toc, used = [], set()
        title = None
        for at, token in enumerate(tokens):
            if token.type == "heading_open":
                said = "".join(child.content for child in tokens[at + 1].children or ()
                               if child.type in ("text", "code_inline"))
                anchor = slug(said)
                number = 1
                while anchor in used:
                    anchor = f"{slug(said)}-{number}"
                    number += 1
                used.add(anchor)
                token.attrSet("id", anchor)
                if token.tag == "h1" and title is None:
                    title = said
                elif token.tag == "h2":
                    toc.append((anchor, said))
            within = False
            for child in token.children or ():
                if child.type == "link_open":
                    within = True
                    href = child.attrGet("href")
                    if not re.match(r"[a-z]+:", href):
                        where = self.resolved(source, href)
                        if where:
                            self.links.append((place, where[0], where[1], f"{source}: {href}"))
                            child.attrSet("href", self.relative(place, where[0])
                                          + (f"#{where[1]}" if where[1] else ""))
                elif child.type == "link_close":
                    within = False
                elif child.type == "image" and not re.match(r"[a-z]+:", child.attrGet("src")):
                    where = self.resolved(source, child.attrGet("src"))
                    if where:
                        child.attrSet("src", self.relative(place, where[0]))
                elif child.type == "code_inline" and not within:
                    link = self.named(child.content)
                    if link and link[0] != place:
                        self.links.append((place, *link, f"{source}: `{child.content}`"))
                        child.meta["made"] = True
                        child.type, child.content = "html_inline", (
                            f'<a class="quiet" href="{self.relative(place, link[0])}'
                            f'{"#" + link[1] if link[1] else ""}"><code>{html.escape(child.content)}</code></a>')

        for token in [each for token in tokens for each in (token, *(token.children or ()))]:
            if token.type in ("html_block", "html_inline") and not token.meta.get("made"):
                token.content = self.raw(source, place, token.content)

        def fence(all_tokens, at, *_):
            language = all_tokens[at].info.strip()
            return (f'<pre class="{language or "text"}"><code>{coloured(all_tokens[at].content, language)}'
                    "</code></pre>\n")

        reader.renderer.rules["fence"] = fence
        reader.renderer.rules["table_open"] = lambda *_: '<div class="table"><table>\n'
        reader.renderer.rules["table_close"] = lambda *_: "</table></div>\n"
        return title, reader.renderer.render(tokens, reader.options, {}), toc

    # Links and pictures in HTML that stands in a page.
    def raw(self, source, place, text):
        def link(found):
            where = None if re.match(r"[a-z]+:", found[2]) else self.resolved(source, found[2])
            if not where:
                return found[0]
            self.links.append((place, where[0], where[1], f"{source}: {found[2]}"))
            return f'{found[1]}="{self.relative(place, where[0])}{"#" + where[1] if where[1] else ""}"'
        return re.sub(r'\b(href|src|srcset)="([^"]+)"', link, text)

    # A public name or a header in backticks leads to its description; only what can be nothing else.
    def named(self, code):
        header = re.fullmatch(r"(?:#include )?<tintype/([\w/]+)\.hpp>", code)
        if header:
            return (f"reference/{header[1]}.html", "")
        plain = re.sub(r"^tintype::|<.*>$|\{.*\}$", "", code)
        return self.names.get(plain) if "_" in plain else None

    # What stands in a header's comments: paragraphs, lists, code in backticks.
    def comment(self, text, place):
        if not text:
            return ""
        parts = []
        for paragraph in re.split(r"\n\s*\n", text):
            said = html.escape(paragraph.strip("\n"), quote=False)
            def code(found):
                link = self.named(html.unescape(found[1]))
                if link and link[0] != place:
                    self.links.append((place, *link, f"a comment in {place}"))
                    return (f'<a class="quiet" href="{self.relative(place, link[0])}#{link[1]}">'
                            f"<code>{found[1]}</code></a>")
                return f"<code>{found[1]}</code>"
            said = re.sub(r"`([^`\n]+)`", code, said)
            page = re.compile(r"\bdocs/([\w\-/]+)\.md\b")
            def to_page(found):
                target = self.pages.get(f"docs/{found[1]}.md")
                if target is None:
                    warn(f"{place}: a comment names {found[0]}, which is not there")
                    return found[0]
                return f'<a href="{self.relative(place, target)}">{found[0]}</a>'
            said = page.sub(to_page, said)
            # Indented or aligned lines are meant to stand as they are.
            kept = re.search(r"\n {2,}|^ {2,}", paragraph) or re.search(r"\S {2,}\S", paragraph)
            parts.append(f'<p class="kept">{said}</p>' if kept else f"<p>{said}</p>")
        return "".join(parts)

    def declared(self, each, place, prefix=""):
        anchor = anchor_of(each.name or "members", prefix)
        signature = re.sub(r"\[\[nodiscard\]\]\s*", "", each.signature)
        if prefix and each.kind == "function":
            signature = re.sub(r"\n {4,}", "\n    ", signature)
        said = f'<section class="declared"><div id="{html.escape(anchor)}" class="{each.kind}">'
        said += f"<pre><code>{highlight(signature.strip(), CppLexer(), COLOURS).rstrip()}</code></pre>"
        said += self.comment(each.comment, place) + "</div>"
        if each.members:
            said += '<div class="members">' + "".join(
                self.declared(member, place, f"{each.name}::") for member in each.members) + "</div>"
        return said + "</section>"

    def reference(self):
        root = self.top / "include" / "tintype"
        headers = {}
        for path in sorted(root.rglob("*.hpp")):
            name = str(path.relative_to(root)).removesuffix(".hpp")
            if "/detail/" in f"/{name}":
                continue
            try:
                head, all_of = declarations.read(path)
            except declarations.Unreadable as why:
                warn(f"include/tintype/{name}.hpp: {why}")
                continue
            if not head:
                warn(f"include/tintype/{name}.hpp says nothing of itself")
            headers[name] = (head, all_of)
            for each in all_of:
                if each.name:
                    self.names.setdefault(each.name, (f"reference/{name}.html", anchor_of(each.name)))
        return headers

    def write_reference(self, headers):
        floors = {floor: [] for floor in FLOORS}
        for name, (head, all_of) in headers.items():
            floor = name.split("/")[0] if "/" in name else ""
            if floor not in floors:
                warn(f"include/tintype/{name}.hpp stands on no floor that the site knows")
                continue
            floors[floor].append(name)
            place = f"reference/{name}.html"
            up = self.relative(place, f"reference/{floor or 'all'}.html")
            content = f'<p class="crumbs"><a href="{up}">{FLOORS[floor][0]}</a></p>'
            content += f"<h1>{name}.hpp</h1><pre><code>#include &lt;tintype/{name}.hpp&gt;</code></pre>"
            content += self.comment(head, place)
            content += "".join(self.declared(each, place) for each in all_of)
            source = f"source/include/tintype/{name}.hpp.html"
            self.sources[f"include/tintype/{name}.hpp"] = source
            content += f'<p><a href="{self.relative(place, source)}">The header itself</a></p>'
            toc, seen = [], set()
            for each in all_of:
                anchor = anchor_of(each.name or "members")
                if each.name and anchor not in seen:
                    seen.add(anchor)
                    toc.append((anchor, each.name))
            self.write(place, f"{name}.hpp", content, toc)
        for floor, names in floors.items():
            place = f"reference/{floor or 'all'}.html"
            rows = ""
            for name in names:
                head, all_of = headers[name]
                own = dict.fromkeys(each.name for each in all_of if each.name and each.kind != "members")
                listed = " ".join(
                    f'<a class="quiet" href="{self.relative(place, f"reference/{name}.html")}#{anchor_of(each)}">'
                    f"<code>{html.escape(each)}</code></a>" for each in own)
                rows += (f'<h2 id="{slug(name)}"><a href="{self.relative(place, f"reference/{name}.html")}">'
                         f"{name}.hpp</a></h2>{self.comment(head.split(chr(10) + chr(10))[0], place)}"
                         f'<p class="names">{listed}</p>')
            title, what = FLOORS[floor]
            self.write(place, title, f"<h1>{title}</h1><p>{what[0].upper()}{what[1:]}.</p>{rows}")
        place = "reference/index.html"
        rows = "".join(
            f'<tr><td><a href="{floor or "all"}.html">{title}</a></td><td>{what}</td><td>{len(floors[floor])}</td></tr>'
            for floor, (title, what) in FLOORS.items())
        names = "".join(
            f'<li><a href="{self.relative(place, where)}#{anchor}"><code>{html.escape(name)}</code></a></li>'
            for name, (where, anchor) in sorted(self.names.items(), key=lambda each: each[0].lower()))
        self.write(place, "Reference", f"""<h1>Reference</h1>
<p>Every public name, as the headers declare and describe it.</p>
<div class="table"><table><thead><tr><th>floor</th><th>what is there</th><th>headers</th></tr></thead><tbody>{rows}</tbody></table></div>
<h2 id="names">Names</h2>
<p><input id="filter" type="search" placeholder="part of a name" aria-label="Filter the names"></p>
<ul class="all-names">{names}</ul>
<script>const all=[...document.querySelectorAll(".all-names li")];
document.getElementById("filter").addEventListener("input",e=>{{const part=e.target.value.toLowerCase();
for(const each of all)each.hidden=!each.textContent.toLowerCase().includes(part)}})</script>""")

    def write_sources(self):
        done = set()
        while pending := sorted(set(self.sources) - done):
            for file in pending:
                done.add(file)
                path, place = self.top / file, self.sources[file]
                if path.is_dir():
                    listed = ""
                    for child in sorted(path.iterdir()):
                        if child.name.startswith(".") or child.name == "__pycache__":
                            continue
                        name = f"{file}/{child.name}"
                        where = self.pages.get(name)
                        if where is None:
                            where = f"source/{name}.html" if child.is_file() else f"source/{name}/index.html"
                            self.sources[name] = where
                        listed += f'<li><a href="{self.relative(place, where)}">{child.name}</a></li>'
                    self.write(place, file, f"<h1>{file}</h1><ul>{listed}</ul>")
                    continue
                try:
                    text = path.read_text()
                except UnicodeDecodeError:
                    text = f"{path.stat().st_size} bytes"
                language = {".hpp": "cpp", ".cpp": "cpp", ".py": "python", ".json": "json"}.get(path.suffix, "")
                if not language and text.startswith("#!") and "sh" in text.split("\n")[0]:
                    language = "bash"
                self.write(place, file, f"<h1>{file}</h1><pre><code>{coloured(text, language)}</code></pre>")

    def check_links(self):
        for place, target, anchor, said in self.links:
            if target not in self.anchors:
                warn(f"{said}: {target} is not there")
            elif anchor and anchor not in self.anchors[target]:
                warn(f"{said}: {target} has no #{anchor}")
        # And as a reader's browser will see them.
        for place in self.written:
            text = (self.out / place).read_text()
            twice = [each for each in re.findall(r'<h\d id="([^"]+)"', text)]
            for each in {each for each in twice if twice.count(each) > 1}:
                warn(f"{place}: two headings #{each}")
            for href in set(re.findall(r'(?:href|src)="([^"]+)"', text)):
                if re.match(r"[a-z]+:", href):
                    continue
                target, _, anchor = html.unescape(href).partition("#")
                file = posixpath.normpath(posixpath.join(posixpath.dirname(place), target)) if target else place
                if not (self.out / file).exists():
                    warn(f"{place}: {href} leads nowhere")
                elif anchor and file in self.anchors and anchor not in self.anchors[file]:
                    warn(f"{place}: {href} has no such anchor")

    def make(self):
        pages = ["README.md"] + sorted(str(path.relative_to(self.top)) for path in (self.top / "docs").rglob("*.md"))
        for page in pages:
            self.pages[page] = "index.html" if page == "README.md" else (
                page.removeprefix("docs/").removesuffix(".md") + ".html")
            found = re.search(r"^# (.*)$", (self.top / page).read_text(), re.M)
            if not found:
                warn(f"{page} has no title")
            self.titles[page] = found[1].replace("`", "") if found else page
        headers = self.reference()
        self.out.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.top / "docs" / "site" / "style.css", self.out / "style.css")
        for page in pages:
            place = self.pages[page]
            title, content, toc = self.markdown(page, place, (self.top / page).read_text())
            self.write(place, title or page, content, toc)
        self.write_reference(headers)
        self.write_sources()
        self.check_links()
        print(f"{len(self.pages)} pages, {len(headers)} headers, {len(self.names)} names, "
              f"{len(warnings)} warnings: {self.out}/index.html")
        return 1 if warnings else 0


def anchor_of(name, prefix=""):
    return re.sub(r"\s+", "-", prefix + name)


if __name__ == "__main__":
    out = pathlib.Path(sys.argv[2])
    if out.exists():
        if any(out.iterdir()) and not (out / "style.css").exists():
            sys.exit(f"{out} is no folder of a site: it would be emptied")
        shutil.rmtree(out)
    sys.exit(Site(pathlib.Path(sys.argv[1]), out).make())
