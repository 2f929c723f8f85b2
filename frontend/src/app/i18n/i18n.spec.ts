import { TestBed } from "@angular/core/testing";

import { I18n } from "./i18n";

describe("I18n", () => {
  afterEach(() => {
    document.cookie = "django_language=; path=/; max-age=0";
  });

  it("begins in the language of the site", () => {
    document.cookie = "django_language=fr; path=/";
    const i18n = TestBed.inject(I18n);
    expect(i18n.language()).toBe("fr");
    expect(i18n.text().list.title).toBe("Motos d’occasion");
  });

  it("writes prices, numbers and dates as the locale does", () => {
    const i18n = TestBed.inject(I18n);
    i18n.choose("en");
    expect(i18n.price(1234500, "EUR")).toBe("€12,345");
    expect(i18n.price(1234550, "GBP")).toBe("£12,345.50");
    expect(i18n.number(83560)).toBe("83,560");
    expect(i18n.date("2026-11-21T12:00:00Z")).toBe("21 November 2026");
    i18n.choose("fr");
    expect(i18n.price(1234500, "EUR").replace(/\s/g, " ")).toBe("12 345 €");
    expect(i18n.date("2026-11-21T12:00:00Z")).toBe("21 novembre 2026");
  });

  it("tells the rest of the site which language was chosen, and the page's readers", () => {
    const i18n = TestBed.inject(I18n);
    i18n.choose("en");
    TestBed.tick();
    expect(document.cookie).toContain("django_language=en");
    expect(document.documentElement.lang).toBe("en");
  });
});
