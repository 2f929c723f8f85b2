import { HttpErrorResponse, HttpHeaders } from "@angular/common/http";

import { en } from "./i18n/en";
import { failure } from "./problems";

const read = (status: number, error: unknown, headers?: HttpHeaders) =>
  failure(new HttpErrorResponse({ status, error, headers }), en.errors);

describe("failure", () => {
  it("says of each field what is wrong with it, once", () => {
    const problem = {
      detail: "Enter a valid email address. Required.",
      errors: [
        { pointer: "/email", detail: "Enter a valid email address.", code: "invalid" },
        { pointer: "/email", detail: "Another.", code: "other" },
        { pointer: "/name", detail: "Required.", code: "required" },
      ],
    };
    expect(read(400, problem)).toEqual({
      status: 400,
      detail: problem.detail,
      fields: { email: "Enter a valid email address.", name: "Required." },
    });
  });

  it("reads a problem that came as text", () => {
    expect(read(403, '{"detail": "No."}').detail).toBe("No.");
  });

  it("shows nothing of an answer that is no problem", () => {
    expect(read(502, "<html><script>alert(1)</script>").detail).toBe(en.errors.unknown);
    expect(failure("oops", en.errors).detail).toBe(en.errors.unknown);
  });

  it("tells no connection from a mistake, and how long to wait", () => {
    expect(read(0, null).detail).toBe(en.errors.offline);
    expect(read(429, null, new HttpHeaders({ "Retry-After": "61" })).detail).toContain("2 min");
  });
});
