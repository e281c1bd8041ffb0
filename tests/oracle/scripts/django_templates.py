"""Runs Django's own template tests and tells every render as one JSON line.

    python django_templates.py SDIST

SDIST is an unpacked source distribution of Django; `DJSCOPE_DJANGO_SDIST` serves as well. The tests are run as they
are, with the Django that is installed. A line is a case:

    {"test", "templates": {name: source | [source, …]}, "name" | "source", "context", "settings", "urls", "output" | "error", "message"}

or, for what cannot be told as data, `{"test", "left_out": reason}`. A template that cannot be compiled is a case as well.
"""

import base64
import datetime
import decimal
import functools
import json
import os
import sys
import unittest
import uuid
import zoneinfo


def main():
    sdist = sys.argv[1] if len(sys.argv) > 1 else os.environ["DJSCOPE_DJANGO_SDIST"]
    tests = os.path.join(sdist, "tests")
    os.chdir(tests)
    sys.path.insert(0, tests)
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    Recorder(out).install()
    sys.argv = ["runtests.py", "template_tests", "--parallel=1", "--verbosity=0"]
    import runpy

    try:
        runpy.run_path(os.path.join(tests, "runtests.py"), run_name="__main__")
    except SystemExit:
        pass
    out.flush()


class LeftOut(Exception):
    """What cannot be told as data."""


class Recorder:
    def __init__(self, out):
        self.out = out
        self.test = None
        self.case = None

    def install(self):
        from django import urls
        from django.template import base, defaulttags
        from django.template.engine import Engine

        recorder = self
        run = unittest.TestCase.run

        def run_test(test, result=None):
            recorder.test = test.id()
            return run(test, result)

        unittest.TestCase.run = run_test

        compile_template = base.Template.__init__

        @functools.wraps(compile_template)
        def compiling(template, source, origin=None, name=None, engine=None):
            def compile_it():
                compile_template(template, source, origin, name, engine)
                template.djscope_reason = recorder.case.reason

            if recorder.case is not None:
                recorder.case.add(name, str(source))
                return compile_it()
            case = Case(engine or Engine.get_default(), name, str(source))
            recorder.observe(case, compile_it, only_errors=True)

        base.Template.__init__ = compiling

        find_template = Engine.find_template

        @functools.wraps(find_template)
        def finding(engine, name, dirs=None, skip=None):
            template, origin = find_template(engine, name, dirs=dirs, skip=skip)
            if recorder.case is not None:
                recorder.case.add(name, template.source)
                recorder.case.leave_out(template.djscope_reason)
            return template, origin

        Engine.find_template = finding

        render_template = base.Template.render

        @functools.wraps(render_template)
        def rendering(template, context):
            if recorder.case is not None:
                return render_template(template, context)
            case = Case(template.engine, template.name, template.source)
            case.leave_out(template.djscope_reason)
            case.read_context(template, context)
            return recorder.observe(case, lambda: render_template(template, context))

        base.Template.render = rendering

        get_template = Engine.get_template

        @functools.wraps(get_template)
        def getting(engine, name):
            if recorder.case is not None:
                return get_template(engine, name)
            case = Case(engine, name, None)
            return recorder.observe(case, lambda: get_template(engine, name), only_errors=True)

        Engine.get_template = getting

        find_library = defaulttags.find_library

        def finding_library(parser, name):
            library = find_library(parser, name)
            note_library(name)
            return library

        def note_library(name):
            module = (recorder.case.engine.libraries or {}).get(name, "") if recorder.case else ""
            if recorder.case is not None and not module.startswith("django."):
                recorder.case.leave_out(f"a tag library of the test suite: {name}")

        defaulttags.find_library = finding_library

        reverse = urls.reverse

        def reversing(name, urlconf=None, args=None, kwargs=None, current_app=None):
            try:
                url = reverse(name, urlconf, args, kwargs, current_app)
            except urls.NoReverseMatch as error:
                recorder.note_url(name, args, kwargs, current_app, error=str(error))
                raise
            recorder.note_url(name, args, kwargs, current_app, url=url)
            return url

        urls.reverse = reversing

    def note_url(self, name, args, kwargs, current_app, **answer):
        if self.case is not None:
            try:
                asked = {"name": encode(name), "args": encode(args), "kwargs": encode(kwargs), "app": encode(current_app)}
            except LeftOut as reason:
                return self.case.leave_out(str(reason))
            self.case.urls.append({**asked, **answer})

    def observe(self, case, work, only_errors=False):
        self.case = case
        line = {}
        try:
            result = work()
        except BaseException as error:
            line = {"error": type(error).__name__, "message": str(error)}
            raise
        else:
            if only_errors:
                line = None
            else:
                line = {"output": str(result)}
            return result
        finally:
            self.case = None
            if line is not None:
                print(json.dumps(case.told(self.test, line), ensure_ascii=True), file=self.out, flush=True)


class Case:
    def __init__(self, engine, name, source):
        self.engine = engine
        self.name = name
        self.source = source
        self.templates = {}
        self.add(name, source)
        self.context = {}
        self.autoescape = engine.autoescape
        self.urls = []
        self.reason = None
        self.settings = current_settings(engine)
        for builtin in engine.builtins:
            if not builtin.startswith("django."):
                self.leave_out(f"a tag library of the test suite that is built in: {builtin}")
        for module in getattr(engine, "context_processors", ()):
            self.settings.setdefault("context_processors", []).append(module)

    def add(self, name, source):
        """Several templates of one name come from several places; they are told in the order of their use."""
        if name is None or source is None or self.templates.get(name) == source:
            return
        if name not in self.templates:
            self.templates[name] = source
        elif not isinstance(self.templates[name], list):
            self.templates[name] = [self.templates[name], source]
        elif source not in self.templates[name]:
            self.templates[name].append(source)

    def leave_out(self, reason):
        self.reason = self.reason or reason

    def read_context(self, template, context):
        from django.template import RequestContext

        try:
            if isinstance(context, RequestContext) and context.template is None:
                with context.bind_template(template):
                    values = context.flatten()
            else:
                values = context.flatten()
            self.autoescape = context.autoescape
            for setting in ("use_l10n", "use_tz"):
                if getattr(context, setting) is not None:
                    self.settings[setting] = getattr(context, setting)
            for name in ("True", "False", "None"):
                values.pop(name, None)
            self.context = {str(name): encode(value) for name, value in values.items()}
            request = getattr(context, "request", None)
            if request is not None and "request" not in self.context:
                self.context["request"] = encode(request)
        except LeftOut as reason:
            self.leave_out(str(reason))
        except Exception as error:
            self.leave_out(f"a context that cannot be read: {error}")

    def told(self, test, result):
        if self.reason:
            return {"test": test, "left_out": self.reason}
        case = {"test": test, "templates": self.templates, "context": self.context, "autoescape": self.autoescape}
        case["string_if_invalid"] = self.engine.string_if_invalid
        case["settings"] = self.settings
        if self.urls:
            case["urls"] = self.urls
        if self.name is None:
            case["source"] = self.source
        else:
            case["name"] = self.name
        return {**case, **result}


def current_settings(engine):
    from django.conf import settings
    from django.utils import timezone, translation

    zone = timezone.get_current_timezone()
    return {
        "now": datetime.datetime.now(datetime.timezone.utc).isoformat(),
        "use_tz": settings.USE_TZ,
        "time_zone": getattr(zone, "key", None) or str(zone),
        "default_time_zone": settings.TIME_ZONE,
        "language": translation.get_language(),
        "use_i18n": settings.USE_I18N,
        "use_thousand_separator": settings.USE_THOUSAND_SEPARATOR,
        "static_url": settings.STATIC_URL,
        "media_url": settings.MEDIA_URL,
        "debug": settings.DEBUG,
        "libraries": sorted(engine.libraries),
    }


def encode(value, depth=0):
    """The typed encoding of djscope (docs/probe-protocol.md)."""
    from django.core.handlers.wsgi import WSGIRequest
    from django.http import HttpRequest, QueryDict
    from django.utils.functional import Promise, SimpleLazyObject
    from django.utils.safestring import SafeString

    if depth > 20:
        raise LeftOut("a context that is too deep or contains itself")
    kind = type(value)
    if value is None or kind in (bool, str):
        return value
    if kind is int:
        return value if -(2**63) <= value < 2**63 else {"$int": str(value)}
    if kind is float:
        return value if value == value and abs(value) != float("inf") else {"$float": repr(value)}
    if kind is SafeString:
        return {"$safe": str.__str__(value)}
    if isinstance(value, Promise):
        return str(value)
    if kind is SimpleLazyObject:
        value.__class__  # Evaluates it.
        return encode(value._wrapped, depth)
    inner = functools.partial(encode, depth=depth + 1)
    if kind in (HttpRequest, WSGIRequest):
        return {"$object": {"type": f"{kind.__module__}.{kind.__qualname__}", "fields": request_fields(value)}}
    if kind is QueryDict:
        return {key: list(items) for key, items in value.lists()}
    if kind in (list, range):
        return [inner(item) for item in value]
    if kind is tuple:
        return {"$tuple": [inner(item) for item in value]}
    if kind in (set, frozenset):
        return {"$set": [inner(item) for item in value]}
    if kind is dict:
        if all(type(key) is str and not key.startswith("$") for key in value):
            return {key: inner(item) for key, item in value.items()}
        return {"$dict": [[inner(key), inner(item)] for key, item in value.items()]}
    if kind is decimal.Decimal:
        return {"$decimal": str(value)}
    if kind is datetime.datetime:
        return {"$datetime": value.isoformat() + zone_name(value.tzinfo)}
    if kind is datetime.date:
        return {"$date": value.isoformat()}
    if kind is datetime.time:
        return {"$time": value.isoformat() + zone_name(value.tzinfo)}
    if kind is datetime.timedelta:
        return {"$timedelta": value.total_seconds()}
    if kind is uuid.UUID:
        return {"$uuid": str(value)}
    if kind is bytes:
        return {"$bytes": base64.b64encode(value).decode()}
    raise LeftOut(f"a live Python object in the context: {kind.__module__}.{kind.__qualname__}")


def request_fields(request):
    """What Django's own tags read of a request."""
    fields = {"GET": encode(request.GET)}
    if hasattr(request, "current_app"):
        fields["current_app"] = encode(request.current_app)
    match = getattr(request, "resolver_match", None)
    if match is not None:
        namespace = encode(getattr(match, "namespace", None))
        fields["resolver_match"] = {"$object": {"type": "django.urls.ResolverMatch", "fields": {"namespace": namespace}}}
    return fields


def zone_name(zone):
    if isinstance(zone, zoneinfo.ZoneInfo):
        return f"[{zone.key}]"
    if isinstance(zone, datetime.timezone) and zone is not datetime.timezone.utc:
        return f"[{zone.tzname(None)}]"
    return ""


if __name__ == "__main__":
    main()
