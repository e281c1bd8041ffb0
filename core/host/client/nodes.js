// Nodes as the server counts and sends them.

const SVG = 'http://www.w3.org/2000/svg';
const MATH = 'http://www.w3.org/1998/Math/MathML';
const HTML = 'http://www.w3.org/1999/xhtml';
const KEEPS_SPACE = /^(pre|code|textarea|script|style)$/;
// Foreign elements in which HTML begins again, or may.
const HTML_INSIDE = /^(foreignObject|desc|title)$/;
const MATH_TEXT = /^(m[inos]|mtext)$/;
const MARK = /^(dj-if|\/dj-if|dj-if[ \t].*)$/s;
const OPENING = /^dj-if[ \t].*?id="([^"]*)"/s;

const markOf = node => (node.nodeType === 8 ? node.data.trim() : '');

// Those of `nodes` that the server knows as children of `parent`: its paths and indexes count only these.
export function counted(nodes, parent) {
  const keepsSpace = KEEPS_SPACE.test(parent.localName);
  const hasText = node => keepsSpace || node.data === ' ' || /[^ \t\n\r\f]/.test(node.data);
  return nodes.filter(node => node.nodeType === 1 || (node.nodeType === 3 ? hasText(node) : MARK.test(markOf(node))));
}

export const childrenOf = node => counted([...node.childNodes], node);

// The id of the body of an `{% if %}` that this node opens.
export const openedBy = node => OPENING.exec(markOf(node))?.[1];

// The nodes from an opening mark to its closing one, with bodies inside and all that the server does not count.
export function bodyOf(open) {
  const nodes = [];
  let depth = 0;
  for (let node = open; node; node = node.nextSibling) {
    nodes.push(node);
    if (openedBy(node) !== undefined) depth += 1;
    else if (markOf(node) === '/dj-if') depth -= 1;
    if (!depth) return nodes;
  }
  return null;
}

function holdsHtml({ namespaceURI, localName, attributes }) {
  if (namespaceURI === SVG) return HTML_INSIDE.test(localName);
  return namespaceURI === HTML || (localName === 'annotation-xml' && /html/i.test(attributes.encoding?.value));
}

function namespaceIn(parent, name) {
  if (name === 'svg') return SVG;
  if (name === 'math') return MATH;
  return holdsHtml(parent) || MATH_TEXT.test(parent.localName) ? HTML : parent.namespaceURI;
}

// What the parser makes, which takes names such as `@click` and marks scripts so that they never run.
function parsed(html) {
  const template = document.createElement('template');
  template.innerHTML = html;
  return template.content;
}

export function setAttribute(element, name, value) {
  if (/^[\w.:-]+$/.test(name)) element.setAttribute(name, value);
  else {
    const attribute = parsed(`<i ${name.replace(/[\s"'<>/=]/g, '')}>`).firstChild.attributes[0].cloneNode();
    attribute.value = value;
    element.setAttributeNode(attribute);
  }
}

// The DOM node of a node of the wire, to stand in `parent`.
export function make({ tag, text, attrs, children }, parent) {
  if (tag === '#text') return document.createTextNode(text ?? '');
  if (tag === '#comment') return document.createComment(text ?? '');
  const element = /^script$/i.test(tag) ? parsed('<script></script>').firstChild
    : document.createElementNS(namespaceIn(parent, tag), tag);
  for (const name in attrs) setAttribute(element, name, attrs[name]);
  element.append(...(children ?? []).map(child => make(child, element)));
  return element;
}

// The nodes of HTML, to stand in `parent`.
export function parse(html, parent) {
  const around = [];
  if (!holdsHtml(parent)) {
    around.push(parent.namespaceURI === SVG ? 'svg' : 'math');
    if (MATH_TEXT.test(parent.localName) || parent.localName === 'annotation-xml') around.push(parent.localName);
  }
  let holder = parsed(around.map(name => `<${name}>`).join('') + html);
  for (const _ of around) holder = holder.firstChild;
  return holder;
}
