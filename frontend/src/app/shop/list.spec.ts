import { provideHttpClient } from "@angular/common/http";
import { HttpTestingController, provideHttpClientTesting } from "@angular/common/http/testing";
import { TestBed } from "@angular/core/testing";
import { provideRouter } from "@angular/router";
import { RouterTestingHarness } from "@angular/router/testing";

import { MotorcyclePage, MotorcycleSummary } from "../api/models";
import { I18n } from "../i18n/i18n";
import { List } from "./list";

const MOTO: MotorcycleSummary = {
  id: 7,
  model: { id: 1, name: "Gannet 500", brand: { id: 1, name: "Kestrel & Sons", slug: "kestrel-sons" } },
  year: 1974,
  price_cents: 700000,
  currency: "EUR",
  mileage_km: 21000,
  engine_cc: 499,
  power_kw: 31,
  colour: "ivory",
  status: "reserved",
  picture: null,
  created_at: "2026-11-01T12:00:00Z",
};

describe("List", () => {
  let server: HttpTestingController;

  beforeEach(() => {
    TestBed.configureTestingModule({
      providers: [provideRouter([{ path: "", component: List }]), provideHttpClient(), provideHttpClientTesting()],
    });
    TestBed.inject(I18n).choose("en");
    server = TestBed.inject(HttpTestingController);
  });

  async function open(address: string, answer: (url: string) => MotorcyclePage | number) {
    const harness = await RouterTestingHarness.create(address);
    harness.detectChanges();
    const element = harness.routeNativeElement ?? document.body;
    const waiting = element.textContent;
    server.expectOne("/api/motos/brands/").flush([MOTO.model.brand]);
    const request = server.expectOne((asked) => asked.url.startsWith("/api/motos/motorcycles/"));
    const answered = answer(request.request.urlWithParams);
    if (typeof answered === "number") {
      request.flush({ detail: "Broken." }, { status: answered, statusText: "" });
    } else {
      request.flush(answered);
    }
    await harness.fixture.whenStable();
    return { harness, element, waiting };
  }

  it("shows skeletons, then what the address asks for", async () => {
    const { element, waiting } = await open("/?brand=kestrel-sons&price_max=8000", (url) => {
      expect(url).toContain("brand=kestrel-sons");
      expect(url).toContain("price_max=800000");
      return { count: 12, results: [MOTO], next: "more", previous: null };
    });
    expect(waiting).toContain("Loading");
    expect(element.querySelector("h2 a")?.getAttribute("href")).toBe("/moto/7");
    expect(element.querySelector(".price")?.textContent).toBe("€7,000");
    expect(element.querySelector(".badge")?.textContent).toBe("Reserved");
    expect(element.querySelector('[role="status"]')?.textContent).toContain("12 motorcycles");
    expect(element.querySelector('[rel="next"]')?.getAttribute("href")).toContain("cursor=more");
    expect(element.querySelector<HTMLSelectElement>("#brand")?.value).toBe("kestrel-sons");
  });

  it("says so when nothing matches", async () => {
    const { element } = await open("/?text=nothing", () => ({ count: 0, results: [], next: null, previous: null }));
    expect(element.querySelector(".empty")?.textContent).toContain("No motorcycle matches");
  });

  it("shows what went wrong, and tries again", async () => {
    const { harness, element } = await open("/", () => 500);
    expect(element.querySelector('[role="alert"]')?.textContent).toContain("Broken.");
    expect(element.querySelector('[role="alert"] a')?.getAttribute("href")).toBe("/");
    element.querySelector<HTMLButtonElement>('[role="alert"] button')?.click();
    await Promise.resolve();
    harness.detectChanges();
    server
      .expectOne((asked) => asked.url.startsWith("/api/motos/motorcycles/"))
      .flush({ count: 1, results: [MOTO], next: null, previous: null });
    await harness.fixture.whenStable();
    expect(element.querySelectorAll("motos-card").length).toBe(1);
  });
});
