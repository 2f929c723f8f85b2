import { convertToParamMap } from "@angular/router";

import { fromAddress, fromForm, toAddress, toQuery } from "./filters";

const read = (parameters: Record<string, string>) => fromAddress(convertToParamMap(parameters));

describe("filters", () => {
  it("an empty address shows what is on sale, newest first", () => {
    expect(toQuery(read({}))).toEqual({ status: ["available", "reserved"], ordering: "-created_at" });
  });

  it("an address and its filters say the same", () => {
    const address = { text: "gannet rouge", brand: "kestrel-sons", currency: "CHF", price_min: 2000, price_max: 6500.5, year_min: 1974, year_max: 2020, status: "all", ordering: "price_cents", cursor: "abc" };
    const filters = read(Object.fromEntries(Object.entries(address).map(([name, value]) => [name, String(value)])));
    expect(toAddress(filters)).toEqual(address);
  });

  it("prices are compared in one currency", () => {
    expect(toQuery(read({ price_max: "5000" }))).toMatchObject({ currency: "EUR" });
    expect(toQuery(read({ ordering: "price_cents" }))).toMatchObject({ currency: "EUR" });
    expect(toQuery(read({ currency: "GBP", price_max: "5000" }))).toMatchObject({ currency: "GBP" });
    expect(toQuery(read({ currency: "gold" }))).not.toHaveProperty("currency");
  });

  it("prices are asked in cents", () => {
    expect(toQuery(read({ price_min: "19.99", price_max: "6500" }))).toMatchObject({ price_min: 1999, price_max: 650000 });
  });

  it.each<Record<string, string>>([
    { price_min: "cheap" },
    { price_min: "-5" },
    { price_max: "99999999999" },
    { year_min: "12" },
    { ordering: "password" },
    { brand: "../admin" },
    { price_min: " " },
  ])("what makes no sense in an address is left out: %o", (parameters) => {
    expect(toQuery(read(parameters))).toEqual(toQuery(read({})));
  });

  it("a form's filters begin at the first page", () => {
    const form = document.createElement("form");
    form.innerHTML = `<input name="text" value="fjell"><input name="cursor" value="abc">
      <select name="status"><option value="all" selected></option></select>`;
    expect(fromForm(form)).toMatchObject({ text: "fjell", cursor: null, everything: true });
  });
});
