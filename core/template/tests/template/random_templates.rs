//! Templates made of pieces of tags at random: nothing panics, and the same template gives the same text.

use proptest::prelude::*;

use djscope_oracle::templates::source;

use crate::properties::{parts_are_the_page, renders_the_same_each_time};

proptest! {
    #[test]
    fn a_template_gives_the_same_text_or_error_each_time(page in source(), part in source(), markers: bool) {
        renders_the_same_each_time(&page, &part, markers);
    }

    #[test]
    fn the_parts_of_a_page_are_the_page(page in source(), part in source()) {
        parts_are_the_page(&page, &part);
    }

    #[test]
    fn any_text_is_a_template_or_an_error(source in any::<String>()) {
        renders_the_same_each_time(&source, &source, true);
    }
}
