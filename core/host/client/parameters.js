// What an event tells its handler.

// These belong to the framework; all other `data-` attributes are parameters.
const OWN = /^data-(liveview|live-|djust|loading$|component-id$)/;
const UNSAFE = /^(__proto__|constructor|prototype)$/;

const numberOr = value => (Number.isNaN(value) ? null : value);

function typed(value, type) {
  if (/^int(eger)?$/.test(type)) return numberOr(Number.parseInt(value || 0, 10));
  if (/^(float|number)$/.test(type)) return numberOr(Number.parseFloat(value || 0));
  if (/^bool(ean)?$/.test(type)) return /^(true|1|yes|on|checked)$/i.test(value);
  if (/^(json|object|array)$/.test(type)) return fromJson(value, value);
  if (type === 'list') return value.split(',').map(part => part.trim()).filter(Boolean);
  return value;
}

function fromJson(text, otherwise) {
  try {
    return JSON.parse(text);
  } catch {
    return otherwise;
  }
}

// The attributes whose names start with `prefix`: kebab becomes snake, and what follows the last colon is a type.
function attributes(element, prefix) {
  const found = {};
  for (const { name, value } of element.attributes) {
    if (!name.startsWith(prefix) || OWN.test(name)) continue;
    const [, kebab, type] = /^(.*?)(?::([^:]*))?$/s.exec(name.slice(prefix.length));
    const key = kebab.replaceAll('-', '_').replace(prefix === 'data-' ? /^dj_/ : /^$/, '');
    if (!UNSAFE.test(key)) found[key] = typed(value, type);
  }
  return found;
}

export const valuesOf = element => attributes(element, 'dj-value-');

// Everything an element says by its attributes; `dj-value-*` has the last word.
export function parametersOf(element) {
  return { ...fromJson(element.getAttribute('dj-params'), {}), ...attributes(element, 'data-'), ...valuesOf(element) };
}

export function fieldOf(element) {
  return element.dataset.field || element.name || element.id.replace(/^id_/, '') || null;
}

// In which component and which embedded view an element is.
export function placeOf(element) {
  const place = {};
  const within = { component_id: 'data-component-id', view_id: 'data-djust-embedded', _activity: 'data-djust-activity' };
  for (const [key, name] of Object.entries(within)) {
    const value = element.closest(`[${name}]`)?.getAttribute(name);
    if (value) place[key] = value;
  }
  return place;
}

const ARGUMENT = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^,'"]+/gs;
const ESCAPED = { n: '\n', t: '\t', r: '\r' };

function argument(text) {
  if (/^['"]/.test(text)) return text.slice(1, -1).replace(/\\(.)/gs, (_, one) => ESCAPED[one] ?? one);
  if (/^(true|false|null)$/.test(text)) return JSON.parse(text);
  return /^-?(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : text;
}

// `handler('x', 3)` is the handler `handler` with positional arguments.
export function handlerOf(text) {
  const [, name, list] = /^\s*([A-Za-z_]\w*)\s*\((.*)\)/s.exec(text) ?? [null, text.trim().split('.')[0], ''];
  const values = (list.match(ARGUMENT) ?? []).map(part => part.trim()).filter(Boolean).map(argument);
  return { name, positional: values.length ? { _args: values } : {} };
}
