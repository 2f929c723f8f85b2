"use strict";

// Redoc shows its maker's logo, from its maker's server. The policy refuses that, with an error: it is not even asked for.
const ours = (address) => new URL(address, location.href).origin === location.origin;
const image = HTMLImageElement.prototype;
const { setAttribute } = Element.prototype;
const { get, set } = Object.getOwnPropertyDescriptor(image, "src");
image.setAttribute = function (name, value) {
  if (name !== "src" || ours(value)) {
    setAttribute.call(this, name, value);
  }
};
Object.defineProperty(image, "src", {
  get,
  set(value) {
    if (ours(value)) {
      set.call(this, value);
    }
  },
});
