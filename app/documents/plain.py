"""Text that a person wrote, YAML 1.2 or JSON, turned into plain data."""

import jiter
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

_LONGEST = 128 * 1024


class Unreadable(Exception):
    """The text is not plain data; the message continues the sentence "The document ..."."""


def plain_data(document: bytes | str) -> object:
    """What the text says, with text, numbers, true, false, null, lists and mappings only.

    Refuses what makes YAML surprising: anchors, aliases, tags, duplicate keys, several documents.
    What looks like a date is text. Raises Unreadable.
    """
    text = _decoded(document)
    if text.lstrip().startswith("{"):
        try:
            return jiter.from_json(text.encode(), allow_inf_nan=False, catch_duplicate_keys=True)
        except ValueError:
            pass  # `{a: 1}` is YAML; and YAML names the line of a mistake
    return _from_yaml(text)


def _decoded(document: bytes | str) -> str:
    if len(document) > _LONGEST:
        raise Unreadable(f"must be at most {_LONGEST // 1024} KiB long")
    try:
        return document if isinstance(document, str) else document.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("must be text in UTF-8") from None


def _from_yaml(text: str) -> object:
    try:
        node = YAML(typ="safe", pure=True).compose(text)
        return _value(node) if node is not None else None
    except MarkedYAMLError as error:
        what = " ".join(part for part in (error.context, error.problem) if part)
        mark = error.problem_mark or error.context_mark
        place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise Unreadable(f"must be YAML or JSON: {what}{place}") from None
    except (YAMLError, ValueError):
        raise Unreadable("must be YAML or JSON without special characters") from None
    except RecursionError:
        raise Unreadable("must not be nested so deeply") from None


def _value(node: Node) -> object:
    if node.anchor:
        raise Unreadable(f"must not use anchors and aliases, such as &{node.anchor}{_place(node)}")
    match node:
        case MappingNode():
            return _mapping(node)
        case SequenceNode():
            return [_value(one) for one in node.value]
        case _:
            return _scalar(node)


def _mapping(node: MappingNode) -> dict[str, object]:
    entries: dict[str, object] = {}
    for key, value in node.value:
        if not isinstance(key, ScalarNode):
            raise Unreadable(f"must have plain names as keys{_place(key)}")
        if key.value in entries:
            raise Unreadable(f'must not have the key "{key.value}" twice{_place(key)}')
        entries[key.value] = _value(value)
    return entries


def _scalar(node: Node) -> object:
    text = str(node.value)
    match str(node.tag).removeprefix("tag:yaml.org,2002:"):
        case "null":
            return None
        case "bool" if text.lower() in {"true", "false"}:
            return text.lower() == "true"
        case "int":
            return _number(text, int)
        case "float":
            return _number(text, float)
        case "str" | "timestamp" | "bool":
            return text
        case tag:
            raise Unreadable(f"must not use the tag {tag}{_place(node)}")


def _number(text: str, kind: type[int] | type[float]) -> object:
    """The number, or the text itself if it only looks like one, such as .inf or 0x1F."""
    try:
        return kind(text)
    except ValueError:
        return text


def _place(node: Node) -> str:
    return f" (line {node.start_mark.line + 1}, column {node.start_mark.column + 1})"
