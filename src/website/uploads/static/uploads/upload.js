// Drag and drop, several files, their progress and their preview. What it does, the form does too, one file at a time.

const form = document.querySelector("form.upload");
const drop = form.querySelector(".drop");
const input = form.querySelector("#file");
const queue = form.querySelector(".queue");
const token = form.elements.csrfmiddlewaretoken.value;
const texts = queue.dataset;
const waiting = [];
let busy = false;

document.documentElement.classList.add("scripted");
input.multiple = true;

for (const [event, over] of [["dragenter", true], ["dragover", true], ["dragleave", false], ["drop", false]]) {
  drop.addEventListener(event, (dragged) => {
    dragged.preventDefault();
    drop.classList.toggle("over", over);
    // As chosen by hand: with a title and tags they go when the button says so.
    if (event === "drop") input.files = dragged.dataTransfer.files;
  });
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  send(input.files);
  input.value = "";
});

function send(files) {
  const tags = form.elements.tags.value.split(",").map((tag) => tag.trim()).filter(Boolean);
  for (const file of files) {
    const row = show(file);
    if (file.size > Number(form.dataset.maxBytes)) {
      row.say(texts.tooLarge, "failed");
      continue;
    }
    const body = new FormData();
    body.append("file", file);
    body.append("title", form.elements.title.value);
    tags.forEach((tag) => body.append("tags", tag));
    body.append("keep_position", form.elements.keep_position.checked);
    // Of the request, not of the attempt: made again, it is the same file.
    waiting.push({ body, row, key: newKey() });
  }
  next();
}

async function next() {
  if (busy) return;
  busy = true;
  let stored = 0;
  for (let upload = waiting.shift(); upload; upload = waiting.shift()) {
    stored += await attempt(upload);
  }
  busy = false;
  if (stored) refresh();
}

function attempt({ body, row, key }) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", form.dataset.api);
    request.setRequestHeader("X-CSRFToken", token);
    request.setRequestHeader("Idempotency-Key", key);
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", (event) => {
      row.progress.max = event.total;
      row.progress.value = event.loaded;
      row.say(`${Math.round((100 * event.loaded) / event.total)} %`);
    });
    request.upload.addEventListener("load", () => row.say(texts.sent));
    const again = (reason) => {
      row.say(reason, "failed");
      row.offer(() => { waiting.push({ body, row, key }); next(); });
      resolve(0);
    };
    request.addEventListener("load", () => {
      if (request.status === 201) {
        row.say(texts.done, "done");
        row.progress.value = row.progress.max;
        return resolve(1);
      }
      const { detail: reason, login } = problem(request.responseText);
      if (login) row.link(`${login}?next=${encodeURIComponent(location.pathname)}`, texts.login);
      if (request.status >= 500 || request.status === 409 || request.status === 429) return again(reason);
      row.say(reason, "failed");
      resolve(0);
    });
    request.addEventListener("error", () => again(texts.failed));
    request.send(body);
  });
}

function problem(text) {
  try {
    return JSON.parse(text);
  } catch {
    return { detail: texts.failed };
  }
}

function show(file) {
  const item = document.createElement("li");
  const name = document.createElement("strong");
  const state = document.createElement("span");
  const progress = document.createElement("progress");
  name.textContent = shown(file.name);
  state.textContent = texts.waiting;
  progress.max = 1;
  progress.value = 0;
  progress.setAttribute("aria-label", shown(file.name));
  item.append(preview(file), name, state, progress);
  queue.append(item);
  return {
    progress,
    say(text, kind = "") {
      state.textContent = text;
      state.className = kind;
    },
    link(address, text) {
      const link = document.createElement("a");
      link.href = address;
      link.textContent = text;
      item.append(link);
    },
    offer(retry) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "plain";
      button.textContent = texts.retry;
      button.addEventListener("click", () => { state.textContent = texts.waiting; state.className = ""; retry(); });
      state.append(" ", button);
    },
  };
}

// Without the marks that turn a text around: "photo\u202egpj.exe" would be shown as a picture's name.
function shown(name) {
  return name.replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "");
}

function preview(file) {
  const kind = document.createElement("span");
  kind.className = "media-kind";
  kind.setAttribute("aria-hidden", "true");
  kind.textContent = (file.name.split(".").pop() || "?").slice(0, 4).toUpperCase();
  if (file.type.startsWith("image/")) {
    // Drawn, not loaded: the site's policy knows of no addresses of files on this machine.
    createImageBitmap(file, { resizeWidth: 112, resizeQuality: "medium" }).then((picture) => {
      const canvas = document.createElement("canvas");
      const side = Math.min(picture.width, picture.height);
      canvas.width = canvas.height = 112;
      canvas.setAttribute("aria-hidden", "true");
      const left = (picture.width - side) / 2, top = (picture.height - side) / 2;
      canvas.getContext("2d").drawImage(picture, left, top, side, side, 0, 0, 112, 112);
      kind.replaceWith(canvas);
    }, () => {});
  }
  return kind;
}

async function refresh() {
  const shown = document.querySelector("#gallery");
  if (!shown) return;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  shown.replaceWith(page.querySelector("#gallery"));
}

function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
