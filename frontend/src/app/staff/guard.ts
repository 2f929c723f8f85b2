import { inject } from "@angular/core";
import { CanActivateFn, Router } from "@angular/router";

import { SessionStore } from "../session";

/** Staff pass; everyone else logs in first, and is then brought here. The API decides again, each time. */
export const staffOnly: CanActivateFn = async (_route, state) => {
  const router = inject(Router);
  const session = inject(SessionStore);
  const known = await session.load().catch(() => null);
  return known?.is_staff ? true : router.createUrlTree(["/staff/login"], { queryParams: { next: state.url } });
};
