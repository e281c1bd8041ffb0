// What an event tells its handler.

const UNSAFE = new Set(['__proto__', 'constructor', 'prototype']);
const TRUE = new Set(['true', '1', 'yes', 'on', 'checked']);

// These belong to the framework; all other `data-` attributes are parameters.
const OWN = /^data-(?:liveview|live-|djust|loading$|component-id$)/;

function number(value, parse) {
  if (value === '') return 0;
  const parsed = parse(value);
  return Number.isNaN(parsed) ? null : parsed;
}

function typed(value, type) {
  switch (type) {
    case 'int':
    case 'integer':
      return number(value, text => Number.parseInt(text, 10));
    case 'float':
    case 'number':
      return number(value, Number.parseFloat);
    case 'bool':
    case 'boolean':
      return TRUE.has(value.toLowerCase());
    case 'json':
    case 'object':
    case 'array':
      try {
        return JSON.parse(value);
      } catch {
        return value;
      }
    case 'list':
      return value.split(',').map(part => part.trim()).filter(Boolean);
    default:
      return value;
  }
}

// The attributes whose names start with `prefix`: kebab becomes snake, and what follows the last colon is a type.
function attributes(element, prefix) {
  const found = Object.create(null);
  for (const { name, value } of element.attributes) {
    if (!name.startsWith(prefix) || OWN.test(name)) continue;
    const rest = name.slice(prefix.length);
    const colon = rest.lastIndexOf(':');
    let key = (colon < 0 ? rest : rest.slice(0, colon)).replaceAll('-', '_');
    if (prefix === 'data-') key = key.replace(/^dj_/, '');
    if (!UNSAFE.has(key)) found[key] = colon < 0 ? value : typed(value, rest.slice(colon + 1));
  }
  return found;
}

export const valuesOf = element => attributes(element, 'dj-value-');

// Everything an element says by its attributes; `dj-value-*` has the last word.
export function parametersOf(element) {
  let further = {};
  try {
    further = JSON.parse(element.getAttribute('dj-params') || '{}');
  } catch {
    // An attribute that is no JSON says nothing.
  }
  return { ...further, ...attributes(element, 'data-'), ...valuesOf(element) };
}

export function fieldOf(element) {
  return element.dataset.field || element.getAttribute('name') || element.id.replace(/^id_/, '') || null;
}

// In which component and which embedded view an element is.
export function placeOf(element) {
  const place = {};
  const component = element.closest('[data-component-id]')?.dataset.componentId;
  const embedded = element.closest('[data-djust-embedded]')?.dataset.djustEmbedded;
  const activity = element.closest('[data-djust-activity]')?.dataset.djustActivity;
  if (component) place.component_id = component;
  if (embedded) place.view_id = embedded;
  if (activity) place._activity = activity;
  return place;
}

// The parameters of something that happens to a field.
export function fieldParameters(element, value) {
  return { value, field: fieldOf(element), ...valuesOf(element) };
}

const ARGUMENT = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^,'"]+/gs;
const ESCAPED = { n: '\n', t: '\t', r: '\r' };

function argument(text) {
  if (/^(['"]).*\1$/s.test(text)) {
    return text.slice(1, -1).replace(/\\(.)/gs, (_, escaped) => ESCAPED[escaped] ?? escaped);
  }
  if (text === 'true' || text === 'false') return text === 'true';
  if (text === 'null') return null;
  if (/^-?(?:\d+|\d*\.\d+|\d+\.)$/.test(text)) return Number(text);
  return text;
}

// `handler('x', 3)` is the handler `handler` with positional arguments.
export function handlerOf(text) {
  const call = /^\s*([A-Za-z_]\w*)\s*\((.*)\)/s.exec(text);
  if (!call) return { name: text.trim(), parameters: {} };
  const values = (call[2].match(ARGUMENT) ?? []).map(part => part.trim()).filter(Boolean).map(argument);
  return { name: call[1], parameters: values.length ? { _args: values } : {} };
}
