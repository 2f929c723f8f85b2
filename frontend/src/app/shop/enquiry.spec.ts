import { provideHttpClient } from "@angular/common/http";
import { HttpTestingController, provideHttpClientTesting } from "@angular/common/http/testing";
import { TestBed } from "@angular/core/testing";

import { I18n } from "../i18n/i18n";
import { EnquiryForm } from "./enquiry";

describe("EnquiryForm", () => {
  async function send(answer: object, status: number) {
    TestBed.configureTestingModule({ providers: [provideHttpClient(), provideHttpClientTesting()] });
    TestBed.inject(I18n).choose("en");
    const fixture = TestBed.createComponent(EnquiryForm);
    fixture.componentRef.setInput("motorcycle", 7);
    await fixture.whenStable();
    const element = fixture.nativeElement as HTMLElement;
    for (const [name, value] of Object.entries({ name: "Ada", email: "ada@example.org", message: "Hello" })) {
      const control = element.querySelector<HTMLInputElement>(`#${name}`);
      if (control) {
        control.value = value;
      }
    }
    element.querySelector("form")?.dispatchEvent(new Event("submit", { cancelable: true }));
    const server = TestBed.inject(HttpTestingController);
    server.expectOne("/api/motos/session/").flush({ username: null, is_staff: false });
    await vi.waitFor(() => {
      const request = server.expectOne("/api/motos/motorcycles/7/enquiries/");
      expect(request.request.body).toEqual({ name: "Ada", email: "ada@example.org", phone: "", message: "Hello" });
      request.flush(answer, { status, statusText: "" });
    });
    await vi.waitFor(() => {
      TestBed.tick();
      expect(element.querySelector(".message")).not.toBeNull();
    });
    return element;
  }

  it("thanks, and takes the form away", async () => {
    const element = await send({}, 201);
    expect(element.querySelector('[role="status"]')?.textContent).toContain("Thank you!");
    expect(element.querySelector("form")).toBeNull();
  });

  it("shows what is wrong beside the field, which names it to readers", async () => {
    const error = { pointer: "/email", detail: "Enter a valid email address.", code: "invalid" };
    const element = await send({ detail: error.detail, errors: [error] }, 400);
    const email = element.querySelector("#email");
    expect(email?.getAttribute("aria-invalid")).toBe("true");
    const named = element.querySelector(`#${email?.getAttribute("aria-describedby") ?? "none"}`);
    expect(named?.textContent).toBe(error.detail);
    await vi.waitFor(() => {
      expect(document.activeElement).toBe(email);
    });
    expect(element.querySelector<HTMLInputElement>("#name")?.value).toBe("Ada");
  });
});
