"""What a header declares, with the comments that stand above it.

The headers are read as they are written: formatted, `//` comments directly above what they are about, what is
not public in `namespace detail`. Doxygen does not read such comments, and GCC's and Clang's parsers do not
keep them.
"""
import re


class Unreadable(Exception):
    pass


class Declaration:
    def __init__(self, kind, name, signature, comment, members=()):
        self.kind, self.name, self.signature, self.comment = kind, name, signature, comment
        self.members = list(members)


OPENS, CLOSES = "({[", ")}]"
RECORD = re.compile(r"\b(class|struct|union)\s+(?:alignas\([^)]*\)\s*)?(?:\[\[[^]]*\]\]\s*)?(tintype::)?(\w+)")
NAMESPACE = re.compile(r"(?:inline\s+)?namespace\s*([\w:\s]*)$")


def blanked(text):
    """The text with strings, characters and comments as blanks, so that only code is left to be searched."""
    def blank(found):
        return re.sub(r"[^\n]", " ", found[0])
    return re.sub(r'//[^\n]*|/\*.*?\*/|R"\((?:.|\n)*?\)"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'',
                  blank, text, flags=re.S)


def closing(code, at):
    """Where what opens at `at` closes."""
    depth = 0
    for place in range(at, len(code)):
        if code[place] in OPENS:
            depth += 1
        elif code[place] in CLOSES:
            depth -= 1
            if depth == 0:
                return place
    raise Unreadable("something opens and does not close")


def without_templates(head):
    """The head without `template <...>`, attributes and what requires clauses say before the name."""
    head = head.strip()
    while True:
        before = head
        if head.startswith("template"):
            depth = 0
            for place in range(head.index("<"), len(head)):
                depth += head[place] == "<"
                depth -= head[place] == ">" and head[place - 1] != "-"
                if depth == 0:
                    head = head[place + 1:].strip()
                    break
        if head.startswith("[["):
            head = head[head.index("]]") + 2:].strip()
        if head.startswith("requires"):
            lines = head.split("\n")
            depth = 0
            for number, line in enumerate(lines):
                depth += sum(line.count(each) for each in OPENS) - sum(line.count(each) for each in CLOSES)
                if depth == 0 and not line.rstrip().endswith(("&&", "||")) and not (
                        number + 1 < len(lines) and lines[number + 1].lstrip().startswith(("&&", "||"))):
                    break
            head = "\n".join(lines[number + 1:]).strip()
        if head == before:
            return head


def function_name(head):
    found = re.search(r"(operator\s*(?:\(\)|\[\]|[^\s(]+|\"\"\s*\w+)|~?\w+)\s*\($", head[:head.index("(") + 1]) or \
        re.search(r"(operator\s*\(\))", head)
    return re.sub(r"\s+", "", found[1]) if found else None


def comment_text(lines):
    return "\n".join(re.sub(r"^\s*// ?", "", line) for line in lines)


def declarations(text, code, begin, end, record=None, public=True):
    """The public declarations between two places of one scope."""
    found, at = [], begin
    comment = []
    while True:
        rest = re.compile(r"\s*").match(code, at, end).end()
        # Comments are blanks in the code: those on lines of their own directly above are the declaration's.
        gap = text[at:rest]
        lines = gap.split("\n")
        comment = []
        for line in lines[1:] if at != begin else lines:
            if line.strip().startswith("//"):
                comment.append(line)
            elif line.strip() == "" and line is not lines[-1]:
                comment = []
        if rest >= end:
            return found
        at = rest
        if code[at] == "#":
            while True:
                stop = code.find("\n", at)
                stop = end if stop < 0 else stop
                if code[at:stop].rstrip().endswith("\\"):
                    at = stop + 1
                    continue
                break
            at = stop
            continue
        access = re.compile(r"(public|private|protected)\s*:(?!:)").match(code, at)
        if record and access:
            public = access[1] == "public"
            at = access.end()
            continue
        # To the end of the declaration's head: `;`, or the brace of a body.
        start, place, body = at, at, None
        while True:
            if place >= end:
                raise Unreadable(f"a declaration without end: {text[start:start + 60]!r}")
            each = code[place]
            if each == ";":
                break
            if each == "{":
                head = code[start:place]
                plain = without_templates(head)
                if re.search(r"requires\s*$", head) or re.search(r"requires\s*\([^{}]*\)\s*$", head):
                    place = closing(code, place) + 1
                    continue
                if re.match(r"(concept|using|static_assert|friend class)\b", plain):
                    place = closing(code, place) + 1
                    continue
                if "(" in plain.split("=")[0] or "operator" in plain:
                    # A member initialised in braces stands directly behind its name.
                    initialises = re.search(r"\)\s*(?:noexcept(?:\([^)]*\))?\s*)?:\s*(?!:)", plain)
                    if initialises and re.search(r"[\w>]$", head) and not re.search(r"(const|noexcept|override)$", head):
                        place = closing(code, place) + 1
                        continue
                    body = place
                    break
                if NAMESPACE.match(plain) or RECORD.match(plain) or plain.startswith(("enum", "extern")):
                    body = place
                    break
                if re.search(r"operator\s*$|[\w>)=,\]]\s*$", head):
                    place = closing(code, place) + 1
                    continue
                raise Unreadable(f"what is this: {text[start:place]!r}")
            if each in "([":
                place = closing(code, place)
            place += 1
        head = code[start:place if body is None else body]
        plain = without_templates(head)
        shown = text[start:place if body is None else body].rstrip()
        stop = place + 1 if body is None else closing(code, body) + 1
        namespace = NAMESPACE.match(plain)
        if namespace and body is not None:
            name = namespace[1].split()[0].split("::")[0] if namespace[1].strip() else ""
            if name not in ("detail", "", "boost", "std"):
                inner = declarations(text, code, body + 1, stop - 1)
                if not name.startswith("tintype"):
                    for each in inner:
                        each.name = f"{name}::{each.name}"
                elif "::" in namespace[1] and not namespace[1].split("::")[1].startswith("inline"):
                    deeper = namespace[1].split("::", 1)[1].strip()
                    if deeper.startswith("detail"):
                        inner = []
                    for each in inner:
                        each.name = f"{deeper}::{each.name}"
                found += inner
            at = stop
            continue
        if plain.startswith("extern") and body is not None:
            at = stop
            continue
        kind, name, members = None, None, []
        is_record = RECORD.match(plain)
        if is_record and body is not None:
            kind, name = is_record[1], is_record[3]
            if plain[:plain.find("{") if "{" in plain else None].count("<") and re.match(
                    r"(?:class|struct)\s+(?:tintype::)?\w+\s*<", plain):
                name += re.sub(r"\s+", " ", plain[is_record.end():].split(":")[0].strip()) if False else " (specialised)"
            members = declarations(text, code, body + 1, stop - 1, record=is_record[3],
                                   public=is_record[1] != "class")
            stop = code.index(";", stop) + 1
        elif plain.startswith("enum"):
            kind = "enum"
            name = re.match(r"enum\s+(?:class\s+|struct\s+)?(\w+)", plain)[1]
            if body is not None:
                shown = text[start:stop]
                stop = code.index(";", stop) + 1
        elif plain.startswith("concept"):
            kind, name = "concept", re.match(r"concept\s+(\w+)", plain)[1]
        elif plain.startswith(("using", "static_assert", "friend", "BOOST_", "template ")) or is_record:
            using = re.match(r"using\s+(\w+)\s*=", plain)
            kind, name = ("using", using[1]) if using else (None, None)
            if plain.startswith("BOOST_HANA_DEFINE_STRUCT"):
                kind, name = "members", ""
        elif "(" in plain.split("=")[0] or "operator" in plain:
            kind, name = "function", function_name(plain)
            if record and name is None:
                kind = None
            initialised = re.search(r"\)\s*(?:noexcept(?:\([^)]*\))?\s*)?(?<!:):(?!:)", head)
            if initialised and body is not None:
                shown = text[start:start + initialised.end() - 1].rstrip()
        else:
            variable = re.search(r"(\w+)(?:\s*\[[^]]*\])*\s*(?:=|\{|$)", plain)
            kind, name = ("variable", variable[1]) if variable else (None, None)
        # What stands behind it on its line is about it, too.
        behind = re.compile(r"[ \t]*//([^\n]*)").match(text, stop)
        if kind and public and not (name or "").startswith("~"):
            said = comment_text(comment)
            if behind:
                said = (said + "\n" if said else "") + behind[1].strip()
            found.append(Declaration(kind, name, shown, said, members))
        at = behind.end() if behind else stop


def head_comment(text):
    """What the header says of itself: the first comment behind `#pragma once`."""
    lines = text.split("\n")
    lines = lines[next((at + 1 for at, line in enumerate(lines) if line.startswith("#pragma once")), 0):]
    taken = []
    for line in lines:
        if line.startswith("//"):
            taken.append(line)
        elif taken or line.strip():
            break
    return comment_text(taken)


def read(path):
    text = path.read_text()
    begin = text.find("\nnamespace tintype")
    code = blanked(text)
    return head_comment(text), ([] if begin < 0 else declarations(text, code, begin, len(text)))
