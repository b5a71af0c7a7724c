// The same site as Pressroom's: pages, an index and tags in pages of twenty, Atom, RSS and JSON feeds, a sitemap.
import { feedPlugin } from "@11ty/eleventy-plugin-rss";
import markdownIt from "markdown-it";
import anchor from "markdown-it-anchor";
import deflist from "markdown-it-deflist";
import footnote from "markdown-it-footnote";

export default function (config) {
  config.setLibrary("md", markdownIt({ html: true, typographer: true }).use(anchor).use(deflist).use(footnote));
  config.setQuietMode(true);
  config.addCollection("articles", (all) => all.getFilteredByGlob("articles/*.md"));
  config.addFilter("day", (date) => new Date(date).toISOString());
  for (const type of ["atom", "rss", "json"]) {
    config.addPlugin(feedPlugin, {
      type,
      outputPath: { atom: "/atom.xml", rss: "/rss.xml", json: "/feed.json" }[type],
      collection: { name: "articles", limit: 20 },
      metadata: { language: "en", title: "Bench", base: "https://bench.example/", author: { name: "Bench" } },
    });
  }
  return { dir: { includes: "_includes", output: "_site" }, markdownTemplateEngine: false, htmlTemplateEngine: "njk" };
}
