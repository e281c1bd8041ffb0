"""The front page."""

from causes.views import CAUSES
from django.views.generic import TemplateView


class IndexView(TemplateView):
    """Links to every page."""

    template_name = "shop/index.html"

    def get_context_data(self, **kwargs):
        from shop.urls import PAGES

        pages = [(f"/{slug}/", slug.replace("-", " ")) for slug, _ in PAGES]
        causes = [(f"/causes/{slug}/", f"cause: {slug}") for slug in CAUSES]
        return super().get_context_data(links=pages + causes, **kwargs)
