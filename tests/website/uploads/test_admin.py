from website.uploads.models import Media


def test_staff_look_at_uploads_and_delete_them_with_their_files(
    admin, adele, photo, files, django_capture_on_commit_callbacks
):
    for _ in range(3):
        adele.upload(photo(), title="Le port")
    one, two, three = Media.objects.all()
    assert "Le port" in admin.get("/admin/uploads/media/?q=adele").text
    assert admin.get(f"/admin/uploads/media/{one.pk}/change/").status_code == 200
    assert admin.get("/admin/uploads/media/add/").status_code == 403
    with django_capture_on_commit_callbacks(execute=True):
        admin.post(f"/admin/uploads/media/{one.pk}/delete/", {"post": "yes"})
        action = {"action": "delete_selected", "_selected_action": [two.pk], "post": "yes"}
        admin.post("/admin/uploads/media/", action)
    assert files() == [f"uploads/{three.pk}.png"]
    assert Media.objects.get() == three
