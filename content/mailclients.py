"""What the newsletter's HTML uses although a mail program does not know it, and what its readers get instead."""

# by caniemail.com's name of the feature: Gmail, Apple Mail, and Outlook for Windows, which draws with Word
FALLBACKS = {
    "css-at-media": "Outlook for Windows and Gmail in a phone's browser keep the wide layout and the light colours.",
    "css-border-radius": "Outlook for Windows shows square corners.",
    "css-border-spacing": "Nothing: it is 0, and the `cellspacing` attribute says the same to Outlook for Windows.",
    "css-cursor": "Nothing: it is `auto`, which is what Gmail shows and an iPhone has none of.",
    "css-display-none": "Gmail in a phone's browser shows the preheader as a dot at most: it has no height.",
    "css-outline": "Nothing: it takes away a frame that Outlook for Windows does not draw.",
    "css-overflow": "Nothing: Outlook for Windows hides the preheader by `mso-hide`.",
    "css-table-layout": "Outlook for Windows lets a column grow with its words; pictures have their own width there.",
    "css-transform": "Nothing: the button's `text-transform: none` is taken for it.",
    "css-white-space": "Outlook for Windows breaks long lines of code in `<pre>` by itself.",
    "css-word-break": "Windows Mail lets a word or address that is wider than the column stick out.",
    "css-word-spacing": "Nothing: it is `normal`.",
    "html-aria-hidden": "Windows Mail may read out the blanks behind the preheader, which make no sound.",
    "html-aria-label": "Windows Mail reads out the heading instead of the mail's name.",
    "html-role": "Windows Mail's screen readers announce layout tables as tables.",
    "html-style": "Gmail in a phone's browser keeps the wide layout: every other style stands in its element.",
    "html-target": "Nothing: every link opens in a window of its own anyway.",
}
