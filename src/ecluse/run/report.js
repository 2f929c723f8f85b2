"use strict";
// The page is whole without this: it opens what a link points at, searches the output, and copies commands.
const open = (element) => {
  for (let at = element; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
};
const follow = () => {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target) open(target);
};
addEventListener("hashchange", follow);
follow();

document.querySelector(".tools").hidden = false;
document.getElementById("expand").addEventListener("click", (event) => {
  const all = [...document.querySelectorAll("details.leg, details.log")];
  const opening = all.some((element) => !element.open);
  for (const element of all) element.open = opening;
  event.target.textContent = opening ? "close all" : "open all";
});

const found = document.getElementById("found");
let timer;
document.getElementById("find").addEventListener("input", (event) => {
  clearTimeout(timer);
  timer = setTimeout(() => find(event.target.value), 150);
});
function find(text) {
  for (const mark of document.querySelectorAll("pre mark")) {
    const parent = mark.parentNode;
    mark.replaceWith(mark.textContent);
    parent.normalize();
  }
  found.textContent = "";
  if (text.length < 2) return;
  let first = null, count = 0;
  for (const pre of document.querySelectorAll("details.leg pre")) {
    const walker = document.createTreeWalker(pre, NodeFilter.SHOW_TEXT);
    const nodes = [];
    while (walker.nextNode()) nodes.push(walker.currentNode);
    for (let node of nodes) {
      let at;
      while (count < 2000 && (at = node.data.toLowerCase().indexOf(text.toLowerCase())) >= 0) {
        const rest = node.splitText(at).splitText(text.length);
        const mark = document.createElement("mark");
        mark.textContent = rest.previousSibling.data;
        rest.previousSibling.replaceWith(mark);
        open(mark);
        first ??= mark;
        count += 1;
        node = rest;
      }
    }
  }
  found.textContent = count ? `found ${count}` : "not found";
  first?.scrollIntoView({ block: "center" });
}

for (const button of document.querySelectorAll("button.copy")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.previousElementSibling.textContent);
    button.textContent = "copied";
    setTimeout(() => { button.textContent = "copy"; }, 1500);
  });
}
