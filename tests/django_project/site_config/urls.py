"""Every page of the test project."""

from django.urls import include, path
from djust.sse import sse_urlpatterns

urlpatterns = [
    path("", include("shop.urls")),
    path("causes/", include("causes.urls")),
    path("verdicts/", include("verdicts.urls")),
    path("plain/", include("plain.urls")),
    path("matrix/", include("matrix.urls")),
    path("djust/", include(sse_urlpatterns)),
]
