//! Where a render stands, to go back there when an exception is caught.

use std::borrow::Cow;

use super::environment::Environment;
use super::render::Renderer;
use super::scopes::ScopesPlace;

/// A place in a render.
#[derive(Debug)]
pub(super) struct Place<'a> {
    scopes: ScopesPlace<'a>,
    environment: Cow<'a, Environment>,
    if_markers: bool,
    current: u32,
    frames: usize,
    loops: usize,
    blocks: usize,
    includes: usize,
    depth: Depth,
    captures: usize,
}

/// How deep a render is in templates and in bodies of tags.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Depth {
    pub(super) templates: usize,
    pub(super) bodies: usize,
}

impl<'a> Renderer<'a> {
    /// Where the render stands.
    pub(super) fn place(&self) -> Place<'a> {
        Place {
            scopes: self.scopes.place(),
            environment: self.environment.clone(),
            if_markers: self.if_markers,
            current: self.current,
            frames: self.frames.len(),
            loops: self.loops.len(),
            blocks: self.blocks.len(),
            includes: self.includes.len(),
            depth: self.depth,
            captures: self.captures(),
        }
    }

    /// Goes back to a place that an exception left. What `{% autoescape %}`, `{% localize %}` and `{% localtime %}`
    /// set stays, as in Django.
    pub(super) fn unwind(&mut self, place: Place<'a>) {
        self.scopes.unwind(place.scopes);
        self.environment = place.environment;
        self.if_markers = place.if_markers;
        self.current = place.current;
        self.frames.truncate(place.frames);
        self.loops.truncate(place.loops);
        self.blocks.truncate(place.blocks);
        self.includes.truncate(place.includes);
        self.depth = place.depth;
        self.set_captures(place.captures);
    }
}
