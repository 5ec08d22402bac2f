// What the pages of the web edition do besides showing the notebooks: cover what follows a prediction until the reader has
// guessed, and let the keyboard reach what scrolls sideways. Without JavaScript, everything stands open.

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
  for (const each of document.querySelectorAll("article table, article pre, article .output, article mjx-container[display]")) {
    if (each.scrollWidth > each.clientWidth + 1) each.tabIndex = 0;
  }
}

addEventListener("DOMContentLoaded", () => {
  const predictions = [...document.querySelectorAll("article p")].filter((each) => begins(each, "Predict"));
  // From the last to the first, so that a covered answer that ends in the next question takes that one's cover along.
  for (const answer of predictions.reverse().map(answerTo)) if (answer.length) cover(answer);
  reachable();
  addEventListener("resize", reachable);
});
