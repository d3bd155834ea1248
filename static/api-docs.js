/* Draws /api/v1/docs/. A file of its own, because the content security policy allows no script inside a page. */
"use strict";

const place = document.getElementById("api-docs");

SwaggerUIBundle({
  domNode: place,
  url: place.dataset.schema,
  deepLinking: true,
  defaultModelsExpandDepth: 0, // what can be asked comes first; the shapes fold out
  plugins: [() => ({ wrapComponents: { info: () => () => null } })], // the page has its headline already
  requestInterceptor: (request) => {
    request.headers["X-CSRFToken"] = place.dataset.csrf; // for trying out with the session of the browser
    return request;
  },
});
