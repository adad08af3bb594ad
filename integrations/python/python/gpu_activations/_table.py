"""One Python function for each function of the catalogue, with what the table says of it."""

import inspect
import keyword

from ._functions import forward, functions


def python_name(parameter):
    """A parameter's name as a keyword: `lambda` is a word of Python."""
    return f"{parameter}_" if keyword.iskeyword(parameter) else parameter


def generated():
    """The functions by name."""
    return {row["name"]: _function_of(row) for row in functions()}


def _function_of(row):
    name, signature = row["name"], signature_of(row)
    taken = [each.name for each in signature.parameters.values() if each.kind is each.KEYWORD_ONLY]
    # A gated unit takes the parameters of its activation, too, which are not known before the call.
    takes_more = any(each.kind is each.VAR_KEYWORD for each in signature.parameters.values())

    def check(options):
        unexpected = next((key for key in options if key not in taken), None)
        if unexpected is not None and not takes_more:
            raise TypeError(f"{name}() got an unexpected keyword argument {unexpected!r}; it takes {', '.join(taken)}")

    def elementwise(x, /, **options):
        check(options)
        return forward(name, x, **options)

    def along(x, /, axis=-1, **options):
        check(options)
        return forward(name, x, axis=axis, **options)

    function = along if row["along"] else elementwise
    function.__name__ = function.__qualname__ = name
    function.__module__ = __package__
    function.__doc__ = doc_of(row)
    function.__signature__ = signature
    return function


def signature_of(row):
    """What the function of a row takes."""

    def parameter(name, default, kind=inspect.Parameter.KEYWORD_ONLY):
        return inspect.Parameter(name, kind, default=default)

    empty = inspect.Parameter.empty
    parameters = [parameter("x", empty, inspect.Parameter.POSITIONAL_ONLY)]
    if row["along"]:
        parameters.append(parameter("axis", -1, inspect.Parameter.POSITIONAL_OR_KEYWORD))
    parameters += [parameter(python_name(each["name"]), each["default"]) for each in row["parameters"]]
    optional = [("mask", row["mask"]), ("sink", row["sink"]), ("seed", row["name"] == "rrelu")]
    parameters += [parameter(name, None) for name, is_taken in optional if is_taken]
    parameters += [parameter("out", None), parameter("context", None)]
    if row["family"] == "gated":
        parameters.append(parameter("of_activation", empty, inspect.Parameter.VAR_KEYWORD))
    return inspect.Signature(parameters)


def doc_of(row):
    """The documentation of the function of a row."""
    lines = [f"{row['name']}: {row['formula']}", ""]
    if row["along"]:
        lines += ["It works along an axis, the last unless told.", ""]
    if row["aliases"]:
        lines += [f"Other names, for `forward` and its like: {', '.join(row['aliases'])}.", ""]
    lines += ["Parameters", "----------", "x : array_like", "    Of float32, float16 or bfloat16."]
    if row["along"]:
        lines += ["axis : int, default -1"]
    for each in row["parameters"]:
        learnable = "; an array that repeats over x, too" if each["learnable"] else ""
        lines += [f"{python_name(each['name'])} : default {each['default_text']}", f"    {each['range']}{learnable}"]
    if row["mask"]:
        lines += [
            "mask : array_like of bool or uint8, optional",
            "    Repeated over x by numpy's rules; true keeps an element.",
        ]
    if row["sink"]:
        lines += ["sink : array_like, optional", "    One more score of a row, which has a share and no result."]
    if row["name"] == "rrelu":
        lines += ["seed : int, optional", "    Slopes are drawn, as in training."]
    lines += ["out, context", "    As for `forward`."]
    if row["family"] == "gated":
        lines += ["**of_activation", "    Parameters of the activation."]
    return "\n".join(lines) + "\n"
