import { APP_BASE_HREF } from "@angular/common";
import { provideHttpClient, withXhr, withXsrfConfiguration } from "@angular/common/http";
import { ApplicationConfig, provideBrowserGlobalErrorListeners } from "@angular/core";
import { provideRouter, withComponentInputBinding, withInMemoryScrolling } from "@angular/router";

import { routes } from "./app.routes";

export const config: ApplicationConfig = {
  providers: [
    provideBrowserGlobalErrorListeners(),
    // Here, not in a base element, which the content security policy does not allow.
    { provide: APP_BASE_HREF, useValue: "/motos/" },
    // XMLHttpRequest, because fetch does not tell how far an upload is.
    provideHttpClient(withXhr(), withXsrfConfiguration({ cookieName: "csrftoken", headerName: "X-CSRFToken" })),
    provideRouter(routes, withComponentInputBinding(), withInMemoryScrolling({ scrollPositionRestoration: "enabled" })),
  ],
};
