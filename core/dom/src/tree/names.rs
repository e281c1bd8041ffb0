//! What HTML, SVG and djust know of an element by its name.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

/// Facts of an element's name, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traits(u16);

impl Traits {
    /// None of them.
    pub const NONE: Self = Self(0);
    /// Has neither content nor end tag.
    pub const VOID: Self = Self(1);
    /// Flows in a line: a space between two of these is content.
    pub const INLINE: Self = Self(1 << 1);
    /// In HTML its text is not decoded.
    pub const RAW_TEXT: Self = Self(1 << 2);
    /// In HTML its text is decoded, but holds no markup.
    pub const DECODED_TEXT: Self = Self(1 << 3);
    /// Every text in it is kept as it is.
    pub const PRESERVES_SPACE: Self = Self(1 << 4);
    /// djust writes its attributes in SVG's camelCase.
    pub const SVG: Self = Self(1 << 5);
    /// Closes an open `p` where it starts.
    pub const CLOSES_P: Self = Self(1 << 6);
    /// `h1` to `h6`.
    pub const HEADING: Self = Self(1 << 7);
    /// Does nothing special in the body of a page, or only what the nesting check excludes.
    pub const PLAIN: Self = Self(1 << 8);
    /// "Special" for the tree builder, and not `address`, `div` or `p`: ends the search for an open `li`.
    pub const ENDS_ITEM_SEARCH: Self = Self(1 << 9);
    /// Goes into the head of a page that has no body yet.
    pub const HEAD: Self = Self(1 << 10);
    /// Ends SVG where it starts.
    pub const LEAVES_SVG: Self = Self(1 << 11);

    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The facts of `name`, in lower case.
    pub fn of(name: &str) -> Self {
        match KNOWN.get(name) {
            Some(&traits) => traits,
            // A custom element is inline, as every unknown element; djust's placeholder of a cached row is not.
            None if name.contains('-') && !name.starts_with("dj-pc-") => Self::INLINE.or(Self::PLAIN),
            None => Self::PLAIN,
        }
    }
}

static KNOWN: LazyLock<FxHashMap<&'static str, Traits>> = LazyLock::new(|| {
    let mut known = FxHashMap::default();
    for (traits, names) in TABLE {
        for name in names.split_whitespace() {
            let entry: &mut Traits = known.entry(name).or_default();
            *entry = entry.or(*traits);
        }
    }
    // Whatever needs more than its own rule is left to the reference parser.
    for (name, traits) in &mut known {
        let is_known_by_parser = BY_REFERENCE_ONLY.split_whitespace().any(|other| other == *name);
        if !is_known_by_parser {
            *traits = traits.or(Traits::PLAIN);
        }
    }
    known
});

/// HTML Living Standard, 13.1.2 (kinds of elements), 13.2.4.2 (special), 13.2.6 (tree construction); inline elements:
/// `djust_core::html_whitespace`, SVG elements: `djust_vdom::parser`.
const TABLE: &[(Traits, &str)] = &[
    (
        Traits::VOID,
        "area base br col embed hr img input link meta param source track wbr",
    ),
    (
        Traits::INLINE,
        "a abbr acronym audio b bdi bdo big br button canvas cite code data del dfn em embed font i iframe img input \
         ins kbd label mark math meter nobr object output picture progress q rp rt ruby s samp select small span \
         strike strong sub sup svg textarea time tt u var video wbr",
    ),
    (
        Traits::RAW_TEXT,
        "script style xmp iframe noembed noframes plaintext noscript",
    ),
    (Traits::DECODED_TEXT, "title textarea"),
    (Traits::PRESERVES_SPACE, "pre code textarea script style"),
    (
        Traits::SVG,
        "svg path circle rect line polyline polygon ellipse g defs use symbol clippath mask pattern image switch \
         foreignobject desc title metadata lineargradient radialgradient stop filter fegaussianblur feoffset feblend \
         fecolormatrix fecomponenttransfer fecomposite feconvolvematrix fediffuselighting fedisplacementmap feflood \
         feimage femerge femergenode femorphology fespecularlighting fetile feturbulence fefunca fefuncb fefuncg \
         fefuncr text tspan textpath marker animate animatemotion animatetransform set mpath",
    ),
    (
        Traits::CLOSES_P,
        "address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer header \
         hgroup main menu nav ol p search section summary ul pre listing form h1 h2 h3 h4 h5 h6 table hr xmp \
         plaintext li dd dt",
    ),
    (Traits::HEADING, "h1 h2 h3 h4 h5 h6"),
    (
        Traits::ENDS_ITEM_SEARCH,
        "applet area article aside base basefont bgsound blockquote body br button caption center col colgroup dd \
         details dir dl dt embed fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header \
         hgroup hr html iframe img input keygen li link listing main marquee menu meta nav noembed noframes noscript \
         object ol param plaintext pre script search section select source style summary table tbody td template \
         textarea tfoot th thead title tr track ul wbr xmp",
    ),
    (
        Traits::HEAD,
        "base link meta title script style noscript noframes",
    ),
    (
        Traits::LEAVES_SVG,
        "b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu \
         meta nobr ol p pre ruby s small span strong strike sub sup table tt u ul var font",
    ),
];

/// Elements of which the tree builder's rules depend on more than the elements around them.
const BY_REFERENCE_ONLY: &str = "html head body frameset frame image isindex math template plaintext rb rt rtc rp caption \
    colgroup col thead tbody tfoot tr td th option optgroup select title textarea svg keygen menuitem basefont bgsound \
    listing nobr marquee applet object noframes noembed";

/// The name of an SVG attribute as djust writes it, if it differs from `name` in lower case.
///
/// `djust_vdom::parser::normalize_svg_attribute`.
pub(crate) fn svg_attribute(name: &str) -> Option<&'static str> {
    SVG_ATTRIBUTES.get(name).copied()
}

/// The same for an element that is in SVG's namespace, where the tree builder adjusts some more
/// (HTML Living Standard, 13.2.6.1, "adjust SVG attributes").
pub(crate) fn foreign_svg_attribute(name: &str) -> Option<&'static str> {
    svg_attribute(name).or_else(|| {
        [
            "requiredExtensions",
            "requiredFeatures",
            "systemLanguage",
            "viewTarget",
        ]
        .into_iter()
        .find(|camel| camel.eq_ignore_ascii_case(name))
    })
}

static SVG_ATTRIBUTES: LazyLock<FxHashMap<String, &'static str>> = LazyLock::new(|| {
    "viewBox preserveAspectRatio patternUnits patternTransform patternContentUnits gradientUnits gradientTransform \
     spreadMethod clipPathUnits maskContentUnits maskUnits filterUnits primitiveUnits markerHeight markerWidth \
     markerUnits refX refY repeatCount repeatDur calcMode keyPoints keySplines keyTimes attributeName attributeType \
     baseFrequency numOctaves stitchTiles targetX targetY kernelMatrix kernelUnitLength preserveAlpha surfaceScale \
     specularConstant specularExponent diffuseConstant pointsAtX pointsAtY pointsAtZ limitingConeAngle tableValues \
     filterRes stdDeviation edgeMode xChannelSelector yChannelSelector glyphRef textLength lengthAdjust startOffset \
     baseProfile contentScriptType contentStyleType zoomAndPan pathLength crossOrigin referrerPolicy tabIndex \
     externalResourcesRequired accentHeight capHeight arabicForm horizAdvX horizOriginX horizOriginY vertAdvY \
     vertOriginX vertOriginY unicodeRange unitsPerEm underlinePosition underlineThickness strikethroughPosition \
     strikethroughThickness overlinePosition overlineThickness xHeight glyphName"
        .split_whitespace()
        .map(|camel| (camel.to_ascii_lowercase(), camel))
        .collect()
});

/// Whether djust keeps the comment: only the marks of `{% if %}` (`djust_vdom::parser::is_preserved_comment`).
pub(crate) fn is_mark(comment: &str) -> bool {
    let text = comment.trim();
    text == "dj-if" || text == "/dj-if" || text.starts_with("dj-if ") || text.starts_with("dj-if\t")
}

/// Whether `text` is nothing but HTML whitespace.
pub(crate) fn is_space(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_whitespace())
}
