// What the pages of the web edition do besides showing the notebooks: cover what follows a prediction until the reader has
// guessed, let explorers move, and let the keyboard reach what scrolls sideways. Without JavaScript, everything stands open.

const begins = (block, word) => block.querySelector("strong")?.textContent.trim().startsWith(word);

// What answers a prediction: from the first code cell below it to the paragraph "What you see", in the same section.
function answerTo(prediction) {
  const answer = [];
  for (let block = prediction.nextElementSibling; block; block = block.nextElementSibling) {
    if (/^(SECTION|H[1-6])$/.test(block.tagName)) break;
    if (!answer.length && !block.classList.contains("cell")) continue;
    if (begins(block, "Predict")) break;
    answer.push(block);
    if (begins(block, "What you see")) break;
  }
  return answer;
}

function cover(answer) {
  const button = document.createElement("button"), rest = document.createElement("div"), veil = document.createElement("div");
  Object.assign(button, { type: "button", textContent: "I have a guess: show what happens" });
  veil.className = "guess-first";
  answer[0].before(veil);
  rest.append(...answer);
  veil.append(button, rest);
  button.addEventListener("click", () => {
    veil.replaceWith(...rest.childNodes);
    reachable();
  });
}

function reachable() {
  for (const each of document.querySelectorAll("article table, article pre, article .output, article .cell_output, article mjx-container[display], article p:has(> img)")) {
    if (each.scrollWidth > each.clientWidth + 1) each.tabIndex = 0;
  }
}

// An explorer whose states are drawn: its controls, above the picture that stands there without JavaScript.
function moveExplorer(place) {
  const { try: advice, controls, says } = JSON.parse(place.querySelector("script").textContent);
  const stills = [...document.querySelectorAll("article .cell_output img")].filter((each) => each.alt === place.dataset.still);
  const picture = stills.at(-1), chosen = controls.map((each) => each.start);
  if (!picture) return;
  const told = Object.assign(document.createElement("p"), { role: "status" });

  function show() {
    const state = controls.reduce((sum, each, index) => sum * each.texts.length + chosen[index], 0);
    picture.src = `${place.dataset.pictures}/${state}.webp`;
    picture.alt = told.textContent = says[state];
  }

  function slider(control, index) {
    const row = document.createElement("label"), name = document.createElement("span"), value = document.createElement("output");
    const range = Object.assign(document.createElement("input"), { type: "range", min: 0, max: control.texts.length - 1 });
    range.value = control.start;
    name.textContent = control.label;
    const follow = () => {
      chosen[index] = Number(range.value);
      value.textContent = control.texts[range.value];
      range.setAttribute("aria-valuetext", value.textContent);
    };
    range.addEventListener("input", () => { follow(); show(); });
    follow();
    row.append(name, range, value);
    return row;
  }

  function buttons(control, index) {
    const row = document.createElement("div");
    Object.assign(row, { role: "group", ariaLabel: control.label });
    row.append(Object.assign(document.createElement("span"), { textContent: control.label }));
    const all = control.texts.map((text) => Object.assign(document.createElement("button"), { type: "button", textContent: text }));
    const press = (one) => {
      chosen[index] = one;
      all.forEach((each, at) => each.setAttribute("aria-pressed", at === one));
    };
    all.forEach((each, at) => each.addEventListener("click", () => { press(at); show(); }));
    press(control.start);
    row.append(...all);
    return row;
  }

  const try_ = document.createElement("p");
  try_.append(Object.assign(document.createElement("b"), { textContent: "Try this. " }), advice);
  place.append(try_, ...controls.map((each, index) => (each.buttons ? buttons : slider)(each, index)), told);
  (picture.closest(".output, a") ?? picture).before(place); // inside the cell: what covers the cell covers it too
}

addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("article .moving").forEach(moveExplorer);
  const predictions = [...document.querySelectorAll("article p")].filter((each) => begins(each, "Predict"));
  // From the last to the first, so that a covered answer that ends in the next question takes that one's cover along.
  for (const answer of predictions.reverse().map(answerTo)) if (answer.length) cover(answer);
  reachable();
  addEventListener("resize", reachable);
  addEventListener("load", () => { window.MathJax?.startup?.promise?.then(reachable); reachable(); });
});
