// Records a message as seen once it stood on a visible page: opening a page in the background, or a mail scanner, does not.
"use strict";
{
  const token = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? "";
  const report = (element) => {
    fetch(element.dataset.seen, { method: "POST", headers: { "X-CSRFToken": token() }, credentials: "same-origin" });
    watcher.unobserve(element);
  };
  const watcher = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting && document.visibilityState === "visible") report(target);
    }
  }, { threshold: 0.5 });
  const watch = () => {
    for (const element of document.querySelectorAll("[data-seen]")) {
      watcher.unobserve(element);
      watcher.observe(element);
    }
  };
  document.addEventListener("visibilitychange", watch);
  watch();
}
