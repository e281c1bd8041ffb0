"""HTTP features that a proxy must leave alone."""

import asyncio
import hashlib
import re

from django.http import HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

RANGED = b"".join(b"%07d\n" % number for number in range(16_384))


@csrf_exempt
@require_POST
def upload(request):
    """Length and SHA-256 of the body."""
    body = request.body
    return JsonResponse({"length": len(body), "sha256": hashlib.sha256(body).hexdigest()})


async def events(request):
    """`?count=` server-sent events, `?delay=` milliseconds apart."""
    count = int(request.GET.get("count", 5))
    delay = int(request.GET.get("delay", 50)) / 1000

    async def stream():
        for number in range(count):
            yield f'id: {number}\nevent: tick\ndata: {{"number": {number}}}\n\n'.encode()
            await asyncio.sleep(delay)

    answer = StreamingHttpResponse(stream(), content_type="text/event-stream")
    answer["Cache-Control"] = "no-cache"
    return answer


@require_GET
def ranged(request):
    """128 KiB of numbered lines; honours one byte range."""
    total = len(RANGED)
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("Range", ""))
    if match is None or match.group(0) == "bytes=-":
        answer = HttpResponse(RANGED, content_type="application/octet-stream")
    else:
        first, last = match.groups()
        start = int(first) if first else max(0, total - int(last))
        end = min(int(last), total - 1) if first and last else total - 1
        if start >= total or start > end:
            return HttpResponse(status=416, headers={"Content-Range": f"bytes */{total}"})
        answer = HttpResponse(
            RANGED[start : end + 1], status=206, content_type="application/octet-stream"
        )
        answer["Content-Range"] = f"bytes {start}-{end}/{total}"
    answer["Accept-Ranges"] = "bytes"
    return answer


@require_GET
def download(request):
    """`?bytes=` bytes in chunks, without a length known beforehand."""
    left = int(request.GET.get("bytes", 1024))

    async def stream():
        remaining, number = left, 0
        while remaining:
            block = hashlib.sha256(b"%d" % number).digest() * 2048
            part = block[: min(remaining, len(block))]
            remaining -= len(part)
            number += 1
            yield part

    return StreamingHttpResponse(stream(), content_type="application/octet-stream")


@require_GET
def redirect(request):
    """An absolute redirect to the host that was asked for."""
    return HttpResponseRedirect(request.build_absolute_uri("/counter/"))


@require_GET
def request_headers(request):
    """What the server sees of a request."""
    return JsonResponse(
        {
            "host": request.get_host(),
            "client": [request.META.get("REMOTE_ADDR"), request.META.get("REMOTE_PORT")],
            "headers": {name.lower(): value for name, value in request.headers.items()},
        }
    )
