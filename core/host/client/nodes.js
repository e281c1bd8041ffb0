// Nodes as the server counts and sends them.

const SVG = 'http://www.w3.org/2000/svg';
const MATH = 'http://www.w3.org/1998/Math/MathML';
const HTML = 'http://www.w3.org/1999/xhtml';

// Text in these counts even if it is only white space.
const KEEPS_SPACE = new Set(['pre', 'code', 'textarea', 'script', 'style']);

// In these foreign elements HTML begins again.
const HTML_INSIDE = new Set(['foreignObject', 'desc', 'title']);
const MATH_TEXT = new Set(['mi', 'mo', 'mn', 'ms', 'mtext']);

const MARK = /^(?:dj-if|\/dj-if|dj-if[ \t].*)$/s;
const OPENING = /^dj-if[ \t].*?id="([^"]*)"/s;

// Whether the server knows of this node, of which the parent keeps white space or does not.
function counts(node, keepsSpace) {
  switch (node.nodeType) {
    case Node.ELEMENT_NODE:
      return true;
    case Node.TEXT_NODE:
      return keepsSpace || node.data === ' ' || /[^ \t\n\r\f]/.test(node.data);
    case Node.COMMENT_NODE:
      return MARK.test(node.data.trim());
    default:
      return false;
  }
}

// The children that the server knows of: its paths and indexes count only these.
export function childrenOf(node) {
  return counted(Array.from(node.childNodes), node);
}

// Those of `nodes` that count as children of `parent`.
export function counted(nodes, parent) {
  const keepsSpace = KEEPS_SPACE.has(parent.localName);
  return nodes.filter(node => counts(node, keepsSpace));
}

// The id of the body of an `{% if %}` that this node opens.
export function openedBy(node) {
  if (node.nodeType !== Node.COMMENT_NODE) return null;
  return OPENING.exec(node.data.trim())?.[1] ?? null;
}

// The mark that closes what `open` opens; bodies may hold bodies.
export function closingOf(open) {
  let depth = 0;
  for (let node = open; node; node = node.nextSibling) {
    if (openedBy(node) !== null) depth += 1;
    else if (node.nodeType === Node.COMMENT_NODE && node.data.trim() === '/dj-if') depth -= 1;
    if (depth === 0) return node;
  }
  return null;
}

function namespaceIn(parent, name) {
  if (name === 'svg') return SVG;
  if (name === 'math') return MATH;
  const within = parent?.namespaceURI;
  if (within === SVG) return HTML_INSIDE.has(parent.localName) ? HTML : SVG;
  if (within === MATH && !MATH_TEXT.has(parent.localName)) return holdsHtml(parent) ? HTML : MATH;
  return HTML;
}

function holdsHtml(parent) {
  const encoding = (parent.getAttribute('encoding') ?? '').toLowerCase();
  return parent.localName === 'annotation-xml' && ['text/html', 'application/xhtml+xml'].includes(encoding);
}

// A script that the parser made for a fragment is marked as already started, so that it never runs.
function deadScript() {
  const template = document.createElement('template');
  template.innerHTML = '<script></script>';
  return template.content.firstChild;
}

// Names such as `@click` are fine for the parser but not for `setAttribute`.
export function setAttribute(element, name, value) {
  try {
    element.setAttribute(name, value);
  } catch (error) {
    if (!/^[^\s"'<>/=\0]+$/.test(name)) throw error;
    const template = document.createElement('template');
    template.innerHTML = `<i ${name}></i>`;
    const attribute = template.content.firstChild.attributes[0].cloneNode();
    attribute.value = value;
    element.setAttributeNode(attribute);
  }
}

// The DOM node of a node of the wire, to stand in `parent`.
export function make(wire, parent) {
  if (wire.tag === '#text') return document.createTextNode(wire.text ?? '');
  if (wire.tag === '#comment') return document.createComment(wire.text ?? '');
  const namespace = namespaceIn(parent, wire.tag);
  const isScript = wire.tag.toLowerCase() === 'script';
  const element = isScript ? deadScript() : document.createElementNS(namespace, wire.tag);
  for (const [name, value] of Object.entries(wire.attrs ?? {})) setAttribute(element, name, value);
  element.append(...(wire.children ?? []).map(child => make(child, element)));
  return element;
}

// The nodes of HTML, to stand in `parent`. Scripts among them never run.
export function parse(html, parent) {
  const template = document.createElement('template');
  const around = [];
  if (parent && namespaceIn(parent, '') === SVG) around.push('svg');
  if (parent?.namespaceURI === MATH && !holdsHtml(parent)) {
    around.push('math');
    if (MATH_TEXT.has(parent.localName) || parent.localName === 'annotation-xml') around.push(parent.localName);
  }
  template.innerHTML = around.map(name => `<${name}>`).join('') + html;
  let holder = template.content;
  for (const _ of around) holder = holder.firstChild;
  const fragment = document.createDocumentFragment();
  fragment.append(...holder.childNodes);
  return fragment;
}
