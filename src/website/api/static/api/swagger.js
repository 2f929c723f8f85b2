"use strict";

// Changes carry the value of the CSRF cookie in a header, as the API asks.
const csrf = () => document.cookie.match(/(?:^|; )csrftoken=([^;]*)/)?.[1] ?? "";

SwaggerUIBundle({
  dom_id: "#swagger",
  url: document.getElementById("swagger").dataset.schema,
  deepLinking: true,
  requestInterceptor: (request) => {
    if (new URL(request.url, location.href).origin === location.origin) {
      request.headers["X-CSRFToken"] = csrf();
    }
    return request;
  },
});
