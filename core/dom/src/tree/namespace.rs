//! Which namespace the parser puts an element into, told from the elements around it.
//!
//! A tree keeps local names only; what is needed of namespaces when it is written follows from the names of the
//! ancestors (HTML Living Standard, 13.2.6.5: integration points; as `djust_vdom::Namespace`).

/// The namespace of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Namespace {
    /// HTML.
    Html,
    /// SVG.
    Svg,
    /// `MathML`.
    MathMl,
}

/// How an element places its children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChildContext {
    /// `svg` and `math` change the namespace, anything else is HTML.
    Html,
    /// All children are in the parent's namespace.
    Foreign(Namespace),
    /// A `MathML` element that holds text: HTML but for two elements.
    MathText,
    /// A `MathML` `annotation-xml` that does not hold HTML.
    Annotation,
}

impl Namespace {
    /// How the element `name` of this namespace places its children; `encoding` is its attribute of that name.
    pub(crate) fn of_children(self, name: &str, encoding: Option<&str>) -> ChildContext {
        let is_one_of = |names: &[&str]| names.iter().any(|other| name.eq_ignore_ascii_case(other));
        match self {
            Self::Html => ChildContext::Html,
            Self::Svg if is_one_of(&["foreignObject", "desc", "title"]) => ChildContext::Html,
            Self::Svg => ChildContext::Foreign(self),
            Self::MathMl if is_one_of(&["mi", "mo", "mn", "ms", "mtext"]) => ChildContext::MathText,
            Self::MathMl if is_one_of(&["annotation-xml"]) => match encoding {
                Some(encoding)
                    if encoding.eq_ignore_ascii_case("text/html")
                        || encoding.eq_ignore_ascii_case("application/xhtml+xml") =>
                {
                    ChildContext::Html
                }
                _ => ChildContext::Annotation,
            },
            Self::MathMl => ChildContext::Foreign(self),
        }
    }
}

impl ChildContext {
    /// The namespace of the child element `name`.
    pub(crate) fn namespace_of(self, name: &str) -> Namespace {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        match self {
            Self::Foreign(namespace) => namespace,
            Self::MathText if is("mglyph") || is("malignmark") => Namespace::MathMl,
            Self::Annotation if is("svg") => Namespace::Svg,
            Self::Annotation => Namespace::MathMl,
            Self::Html | Self::MathText if is("svg") => Namespace::Svg,
            Self::Html | Self::MathText if is("math") => Namespace::MathMl,
            Self::Html | Self::MathText => Namespace::Html,
        }
    }
}
