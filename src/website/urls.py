"""The addresses of the site. (/ping/ is answered before any of them: website.health.middleware.)"""

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.contrib.sitemaps.views import index, sitemap
from django.urls import URLPattern, URLResolver, include, path, re_path

from website import accounts, views
from website.pages import form_of
from website.sitemaps import SITEMAPS

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("store/", include("website.store.urls")),
    path("motos/", include("website.motos.pages")),
    path("weather/", include("website.weather.page_urls")),
    path("gallery/", include("website.uploads.page_urls")),
    path(
        "login/", LoginView.as_view(template_name="website/login.html", redirect_authenticated_user=True), name="login"
    ),
    path("account/password/", accounts.Change.as_view(), name="password_change"),
    path("account/reset/", accounts.Reset.as_view(), name="password_reset"),
    path("account/reset/<uidb64>/<token>/", accounts.SetNew.as_view(), name="password_reset_confirm"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("robots.txt", views.robots, name="robots"),
    path("sitemap.xml", index, {"sitemaps": SITEMAPS, "sitemap_url_name": "sitemap"}, name="sitemaps"),
    path("sitemap-<section>.xml", sitemap, {"sitemaps": SITEMAPS}, name="sitemap"),
    path("logout/", form_of("home")(LogoutView.as_view()), name="logout"),
    path("", include("website.health.urls")),
    path("", include("website.api.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
]

if settings.SERVE_MEDIA:
    urlpatterns.append(re_path(r"^media/(?P<path>.+)$", views.media))

handler400 = "website.views.bad_request"
handler403 = "website.views.permission_denied"
handler404 = "website.views.page_not_found"
handler500 = "website.views.server_error"

if "debug_toolbar" in settings.INSTALLED_APPS:
    from debug_toolbar.toolbar import debug_toolbar_urls

    urlpatterns += debug_toolbar_urls()
