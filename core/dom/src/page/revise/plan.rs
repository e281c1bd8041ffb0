//! Which children are read again for which differences.

use super::holder::{Holder, Touched};
use super::region::Region;
use crate::diff::DiffOptions;
use crate::tree::{Kind, NodeId, Tree, parse_among};

/// How many elements around a difference are tried.
const MAX_ATTEMPTS: usize = 3;

/// So many differences are taken apart; more are taken as one.
const MAX_REGIONS: usize = 16;

/// A difference, and where it lies.
struct Plan {
    region: Region,
    holder: Holder,
    touched: Touched,
}

/// Children of an element and what takes their place.
pub(super) struct Exchange {
    pub(super) region: Region,
    pub(super) holder: Holder,
    pub(super) touched: Touched,
    pub(super) nodes: Vec<NodeId>,
}

impl Tree {
    /// Reads what is new in each region; `None` if that cannot be done apart from the rest of the page.
    pub(super) fn read_regions(
        &mut self,
        mut regions: Vec<Region>,
        new: &str,
        options: DiffOptions,
    ) -> Option<Vec<Exchange>> {
        if regions.len() > 1 {
            let before = self.sizes();
            if regions.len() <= MAX_REGIONS
                && let Some(exchanges) = self.read_apart(regions.clone(), new, options)
            {
                return Some(exchanges);
            }
            self.shrink_to(before);
            regions = regions.into_iter().reduce(Region::up_to).into_iter().collect();
        }
        self.read_one(*regions.first()?, new, options)
            .map(|exchange| vec![exchange])
    }

    /// Each region by itself; those that touch the same children are taken together.
    fn read_apart(
        &mut self,
        mut regions: Vec<Region>,
        new: &str,
        options: DiffOptions,
    ) -> Option<Vec<Exchange>> {
        let plans = loop {
            let plans: Vec<Plan> = regions
                .iter()
                .map(|&region| self.plan(region, options))
                .collect::<Option<_>>()?;
            let conflict = plans
                .windows(2)
                .position(|pair| pair[1].touched.start < pair[0].touched.end);
            let Some(conflict) = conflict else { break plans };
            let later = regions.remove(conflict + 1);
            regions[conflict] = regions[conflict].up_to(later);
        };
        let mut exchanges = Vec::with_capacity(plans.len());
        let mut growth = 0;
        for plan in plans {
            let touched = plan.touched;
            let start = touched.start.checked_add_signed(growth)?;
            growth += plan.region.growth;
            let source = new.get(start..touched.end.checked_add_signed(growth)?)?;
            let exchange = Exchange {
                nodes: self.read_among(source, &plan.holder)?,
                region: plan.region,
                holder: plan.holder,
                touched,
            };
            if !self.kept_stand_for_themselves(&exchange) {
                return None;
            }
            exchanges.push(exchange);
        }
        Some(exchanges)
    }

    fn plan(&self, region: Region, options: DiffOptions) -> Option<Plan> {
        let mut holder = self.holder(region, options)?;
        while !self.can_be_read_in(holder.node) {
            if !holder.ascend() {
                return None;
            }
        }
        let touched = self.touched(&holder, region)?;
        Some(Plan {
            region,
            holder,
            touched,
        })
    }

    /// A row goes into the body that the parser has made of a table, if it has made one.
    fn can_be_read_in(&self, node: NodeId) -> bool {
        self.name(node) != "table"
    }

    /// One region, if need be with what is around it.
    fn read_one(&mut self, region: Region, new: &str, options: DiffOptions) -> Option<Exchange> {
        let mut holder = self.holder(region, options)?;
        for _ in 0..MAX_ATTEMPTS {
            if self.can_be_read_in(holder.node)
                && let Some(exchange) = self.read_touched(&holder, region, new)
            {
                return Some(exchange);
            }
            // What differs may begin in one element and end in another.
            if !holder.ascend() {
                break;
            }
        }
        None
    }

    /// The children that a region touches; all of them, if those that could stay would stand for others.
    fn read_touched(&mut self, holder: &Holder, region: Region, new: &str) -> Option<Exchange> {
        for touched in [self.touched(holder, region)?, self.all_touched(holder)] {
            let source = new.get(touched.start..touched.end.checked_add_signed(region.growth)?)?;
            let before = self.sizes();
            let exchange = Exchange {
                nodes: self.read_among(source, holder)?,
                region,
                holder: holder.clone(),
                touched,
            };
            if self.kept_stand_for_themselves(&exchange) {
                return Some(exchange);
            }
            self.shrink_to(before);
        }
        None
    }

    /// Whether the differ will match every child that is kept with itself, so that it needs no new id.
    fn kept_stand_for_themselves(&self, exchange: &Exchange) -> bool {
        let children = self.children(exchange.holder.node);
        let Touched { first, last, .. } = exchange.touched;
        let (gone, nodes) = (&children[first..last], &exchange.nodes);
        let kept = || children[..first].iter().chain(&children[last..]).copied();
        if kept().next().is_none() {
            return true;
        }
        let mark = |node: NodeId| (self.kind(node) == Kind::Comment).then(|| self.text(node));
        let has_marks = gone.iter().chain(nodes).any(|&node| mark(node).is_some());
        let has_same_marks =
            gone.len() == nodes.len() && gone.iter().zip(nodes).all(|(&a, &b)| mark(a) == mark(b));
        let keys = |nodes: &[NodeId]| nodes.iter().map(|&node| self.key(node)).collect::<Vec<_>>();
        let (gone_keys, new_keys) = (keys(gone), keys(nodes));
        if gone_keys == new_keys {
            return has_same_marks;
        }
        let unkeyed = |keys: &[Option<&str>]| keys.iter().filter(|key| key.is_none()).count();
        let is_keyed = new_keys.iter().any(Option::is_some)
            || (kept().any(|node| self.key(node).is_some()) && kept().all(|node| mark(node).is_none()));
        let mut seen = rustc_hash::FxHashSet::default();
        let mut all_keys = new_keys
            .iter()
            .copied()
            .flatten()
            .chain(kept().filter_map(|node| self.key(node)));
        !has_marks
            && is_keyed
            && unkeyed(&gone_keys) == unkeyed(&new_keys)
            && all_keys.all(|key| seen.insert(key))
    }

    fn read_among(&mut self, source: &str, holder: &Holder) -> Option<Vec<NodeId>> {
        let root = self.root_in_source()?;
        let mut around: Vec<String> = root.around.iter().map(ToString::to_string).collect();
        around.extend(holder.way().map(|node| self.name(node).to_owned()));
        let names: Vec<&str> = around.iter().map(String::as_str).collect();
        parse_among(source, self, holder.above.len() + 2, &names)
    }
}
