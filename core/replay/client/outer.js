// The outer page: steps through the turns of a recording and hands each its frames.
//
// The recorded page is of a stranger. It is another origin; what it posts is shown as text and as boxes, and decides
// nothing but when the next frames are given to it.

const byId = id => document.getElementById(id);
const frame = byId('page');
const PATIENCE = 10_000;

const { host, ours, turns } = await (await fetch('turns')).json();
const indexOf = new Map(turns.map(({ turn }, index) => [turn, index]));
const originOf = page => `http://${page}.${host}`;

// What the frame shows: its page, how many frames it was given, how often it was loaded, and whether it still is as it was
// left.
let shown = { page: null, index: -1, given: 0, loads: 0, isLost: true };
let wanted = 0;
let isBusy = false;

// Waits for a word of the recorded page.
function heard(word) {
  return new Promise(resolve => {
    const origin = originOf(shown.page);
    const stop = answer => {
      window.removeEventListener('message', listen);
      clearTimeout(timer);
      resolve(answer);
    };
    const listen = ({ source, origin: from, data }) => {
      if (source === frame.contentWindow && from === origin && data?.djscope === word) stop(data);
    };
    const timer = setTimeout(() => stop(null), PATIENCE);
    window.addEventListener('message', listen);
  });
}

const tell = message => frame.contentWindow.postMessage(message, originOf(shown.page));

async function load({ page, url }, index) {
  shown = { page, index, given: 0, loads: 0, isLost: false };
  const ready = heard('ready');
  frame.src = `${originOf(page)}${url}`;
  if (!(await ready)) shown.isLost = true;
}

// Gives frames to the page, which has then all up to `end`.
async function give(frames, end, isFlashing) {
  if (!frames.length && !isFlashing) return;
  const quiet = heard('quiet');
  tell({ djscope: 'frames', frames, isFlashing });
  shown.given = end;
  const answer = await quiet;
  if (!answer) shown.isLost = true;
  if (isFlashing) mark(answer?.places, 'patched');
}

async function show(index) {
  const turn = turns[index];
  const isNew = shown.page !== turn.page || index < shown.index || shown.isLost;
  const asked = fetch(`frames?page=${turn.page}&turn=${turn.turn}`);
  if (isNew) await load(turn, index);
  const { frames, before, skipped, stand_ins: standIns, notes } = await (await asked).json();
  // A long beginning has a stand-in, which a page takes only if it has nothing yet.
  if (!isNew && (shown.given < skipped || shown.given > before)) await load(turn, index);
  const at = position => (position ? Math.max(position - skipped, 0) + standIns : 0);
  await give(frames.slice(at(shown.given), at(before)), before, false);
  await give(frames.slice(at(before)), before + frames.length - at(before), true);
  shown.index = index;
  describe(turn, index, notes);
}

function describe(turn, index, notes) {
  const name = [turn.kind, turn.event].filter(Boolean).join(' ');
  const length = turn.ms === null ? '' : `${turn.ms.toFixed(1)} ms`;
  byId('turn').value = [`turn ${turn.turn}`, name, turn.outcome, turn.view, length].filter(Boolean).join(' · ');
  byId('address').value = turn.url;
  const about = [...notes];
  if (!turn.document) about.push('its page was not recorded');
  else if (!ours && !turn.client) about.push("djscope's client in place of djust's");
  if (shown.isLost) about.push('the page does not answer');
  byId('notes').value = about.join(' · ');
  byId('notes').title = about.join('\n');
  document.title = `turn ${turn.turn} · djscope replay`;
}

// Shows what is wanted, and if that changes meanwhile, what is wanted then.
async function run() {
  if (isBusy) return;
  isBusy = true;
  let failures = 0;
  while (document.body.dataset.shown !== String(turns[wanted].turn)) {
    const index = wanted;
    delete document.body.dataset.shown;
    try {
      await show(index);
    } catch (error) {
      byId('notes').value = `cannot show this turn: ${error.message}`;
      shown.isLost = true;
      if (++failures > 2) break;
      continue;
    }
    if (index === wanted) document.body.dataset.shown = turns[index].turn;
  }
  isBusy = false;
}

function want(index) {
  wanted = Math.max(0, Math.min(index, turns.length - 1));
  byId('slider').value = wanted;
  byId('previous').disabled = wanted === 0;
  byId('next').disabled = wanted === turns.length - 1;
  history.replaceState(null, '', `#turn=${turns[wanted].turn}`);
  byId('said').value = '';
  byId('marks').replaceChildren();
  run();
}

// The turn that the address names, or the next one that is shown.
function fromAddress() {
  const turn = Number(/^#turn=(\d+)$/.exec(location.hash)?.[1] ?? turns[0].turn);
  const index = turns.findIndex(({ turn: number }) => number >= turn);
  want(indexOf.get(turn) ?? (index < 0 ? turns.length - 1 : index));
}

const number = value => (Number.isFinite(value) ? value : 0);

function mark(places, name) {
  const marks = (Array.isArray(places) ? places.slice(0, 200) : []).map(place => {
    const box = document.createElement('div');
    box.className = name;
    for (const side of ['left', 'top', 'width', 'height']) box.style[side] = `${number(place?.[side])}px`;
    return box;
  });
  byId('marks').replaceChildren(...marks);
}

const KEYS = { ArrowLeft: -1, ArrowRight: 1 };

function step(key) {
  if (Object.hasOwn(KEYS, key)) want(wanted + KEYS[key]);
}

window.addEventListener('message', ({ source, origin, data }) => {
  if (source !== frame.contentWindow || !shown.page || origin !== originOf(shown.page)) return;
  if (data?.djscope === 'key') step(data.key);
  else if (data?.djscope === 'left') shown.isLost = true;
  else if (data?.djscope === 'said') {
    byId('said').value = String(data.text).slice(0, 500);
    if (data.place) mark([data.place], 'clicked');
  }
});

// A page that went somewhere by itself is not the one that was left.
frame.onload = () => {
  shown.loads += 1;
  if (shown.loads > 1) shown.isLost = true;
};
byId('previous').onclick = () => want(wanted - 1);
byId('next').onclick = () => want(wanted + 1);
byId('slider').max = turns.length - 1;
byId('slider').oninput = ({ target }) => want(Number(target.value));
window.addEventListener('keydown', event => {
  const isPlain = !event.altKey && !event.ctrlKey && !event.metaKey && event.target.id !== 'slider';
  if (isPlain) step(event.key);
});
window.addEventListener('hashchange', fromAddress);
fromAddress();
