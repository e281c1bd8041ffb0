"""Two hundred products on SQLite: searched, sorted, counted."""

from djust import LiveView
from djust.decorators import event_handler

from shop.models import Product

ORDERS = {"name": "name", "price": "price", "quantity": "quantity"}


class ProductListView(LiveView):
    """The searchable list; the rows are plain dicts."""

    template_name = "shop/products.html"

    def mount(self, request, **kwargs):
        self.query = ""
        self.order = "name"
        self.descending = False
        self._searches = 0
        self._load()

    def _load(self):
        found = Product.objects.select_related("category")
        if self.query:
            found = found.filter(name__icontains=self.query)
        found = found.order_by(("-" if self.descending else "") + ORDERS[self.order], "pk")
        self.rows = [
            {
                "id": product.pk,
                "name": product.name,
                "category": product.category.name,
                "price": str(product.price),
                "quantity": product.quantity,
            }
            for product in found
        ]

    @event_handler
    def search(self, value: str = "", **kwargs):
        """Filters by name."""
        self.query = value
        self._searches += 1
        self._load()

    @event_handler
    def sort(self, by: str = "name", **kwargs):
        """Sorts by a column; the same column again turns the order round."""
        if by not in ORDERS:
            return
        self.descending = by == self.order and not self.descending
        self.order = by
        self._load()

    @event_handler
    def bump(self, product_id: int, **kwargs):
        """One more of a product."""
        product = Product.objects.get(pk=product_id)
        product.quantity += 1
        product.save(update_fields=["quantity"])
        self._load()

    @event_handler
    def bump_silently(self, product_id: int, **kwargs):
        """Writes the database and leaves the view's state alone."""
        product = Product.objects.get(pk=product_id)
        product.quantity += 1
        product.save(update_fields=["quantity"])


class ManyQueriesView(LiveView):
    """Asks for each product's category by itself (N+1)."""

    template_name = "shop/queries.html"

    def mount(self, request, **kwargs):
        self.names = []
        self.total = 0

    @event_handler
    def load(self, count: int = 50, **kwargs):
        """One query for the products, one more for each category."""
        products = Product.objects.order_by("pk")[:count]
        self.names = [f"{product.name} / {product.category.name}" for product in products]
        self.total = len(self.names)

    @event_handler
    def load_joined(self, count: int = 50, **kwargs):
        """The same in one query."""
        products = Product.objects.select_related("category").order_by("pk")[:count]
        self.names = [f"{product.name} / {product.category.name}" for product in products]
        self.total = len(self.names)
