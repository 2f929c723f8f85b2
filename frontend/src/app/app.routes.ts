import { Routes } from "@angular/router";

import { staffOnly } from "./staff/guard";

export const routes: Routes = [
  { path: "", pathMatch: "full", loadComponent: () => import("./shop/list").then((module) => module.List) },
  { path: "moto/:id", loadComponent: () => import("./shop/detail").then((module) => module.Detail) },
  { path: "staff/login", loadComponent: () => import("./staff/login").then((module) => module.Login) },
  {
    path: "staff/new",
    canActivate: [staffOnly],
    loadComponent: () => import("./staff/editor").then((module) => module.Editor),
  },
  {
    path: "staff/edit/:id",
    canActivate: [staffOnly],
    loadComponent: () => import("./staff/editor").then((module) => module.Editor),
  },
  { path: "**", loadComponent: () => import("./ui/not-found").then((module) => module.NotFound) },
];
