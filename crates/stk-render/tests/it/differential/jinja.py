"""Renders lists of templates with the real Jinja2: one line of JSON in, one line out.

in:  {"context": {...}, "templates": ["...", ...]}
out: [{"text": "..."} or {"error": "TypeError: ...", "line": 3}, ...]
"""

import json
import sys
import time

from jinja2 import DictLoader
from jinja2.exceptions import TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment


def environment():
    return SandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, loader=DictLoader({})
    )


def line_of(error):
    if isinstance(error, TemplateSyntaxError):
        return error.lineno
    line, step = None, error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == "<template>":
            line = step.tb_lineno
        step = step.tb_next
    return line


def render(source, context):
    try:
        # Each template gets an environment of its own, as each deployment does: nothing is remembered between them.
        return {"text": environment().from_string(source).render(json.loads(context))}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}", "line": line_of(error)}


for line in sys.stdin:
    question = json.loads(line)
    context = json.dumps(question["context"])
    if question.get("time"):
        # For the benchmark: seconds for one environment that compiles and renders every template.
        jinja, values = environment(), question["context"]
        start = time.perf_counter()
        for source in question["templates"]:
            jinja.from_string(source).render(values)
        answer = time.perf_counter() - start
    else:
        answer = [render(source, context) for source in question["templates"]]
    print(json.dumps(answer), flush=True)
