//! `ac_downloadable`: what a downloadable product lets people download and try.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use crate::catalog::Table;
use crate::catalog::column::{
    downloadable_link, downloadable_link_price, downloadable_link_title, downloadable_sample,
    downloadable_sample_title,
};
use crate::decode::{Row, Value};
use crate::feed::number::number;
use crate::feed::products::Scene;
use crate::feed::products::bundles::by_position;
use crate::feed::row;

impl Scene<'_> {
    /// The links and samples, by sort order, as JSON text:
    /// `{links: [{label, number_of_downloads, price, sample_url, uid}], purchase_separately,
    /// samples: [{label, url}]}`. All of these keys are always there; a sample without a title has
    /// the label `null`, a link without a sample the `sample_url` `null`.
    pub(super) fn downloads(&self) -> String {
        let separately = self.values.value_by_code("links_purchased_separately", self.store.id);
        let facts = json!({
            "links": self.download_links(),
            "purchase_separately": separately.and_then(Value::as_int).unwrap_or_default() != 0,
            "samples": self.download_samples(),
        });
        facts.to_string()
    }

    fn download_links(&self) -> Vec<Json> {
        use downloadable_link as column;
        let links = self.product.sheet.rows(Table::DownloadableLink);
        let links = by_position(links, column::SORT_ORDER, column::LINK_ID);
        let link = |(nth, link): (usize, &Row)| {
            let id = row::id(link, column::LINK_ID)?;
            let title = self.link_title(id).unwrap_or_else(|| format!("Link {nth}"));
            let has_sample = [column::SAMPLE_URL, column::SAMPLE_FILE]
                .into_iter()
                .any(|sample| row::text(link, sample).is_some_and(|text| !text.is_empty()));
            let sample_url = has_sample.then(|| self.download_url("linkSample/link_id", id));
            let downloads = row::decimal(link, column::NUMBER_OF_DOWNLOADS).unwrap_or_default();
            Some(json!({
                "label": title,
                "number_of_downloads": number(downloads),
                "price": self.link_price(id),
                "sample_url": sample_url,
                "uid": STANDARD.encode(format!("downloadable/{id}")),
            }))
        };
        links.into_iter().enumerate().filter_map(link).collect()
    }

    fn download_samples(&self) -> Vec<Json> {
        use downloadable_sample as column;
        let samples = self.product.sheet.rows(Table::DownloadableSample);
        let samples = by_position(samples, column::SORT_ORDER, column::SAMPLE_ID).into_iter();
        let ids = samples.filter_map(|sample| row::id(sample, column::SAMPLE_ID));
        let sample = |id| {
            let url = self.download_url("sample/sample_id", id);
            json!({ "label": self.sample_title(id), "url": url })
        };
        ids.map(sample).collect()
    }

    fn link_title(&self, link: u32) -> Option<String> {
        use downloadable_link_title as column;
        let sheet = self.around.parts.links.get(&link)?;
        let titles = || sheet.rows(Table::DownloadableLinkTitle);
        row::of_scope(titles, (column::STORE_ID, column::TITLE), self.store.id)?.to_char()
    }

    fn sample_title(&self, sample: u32) -> Option<String> {
        use downloadable_sample_title as column;
        let sheet = self.around.parts.samples.get(&sample)?;
        let titles = || sheet.rows(Table::DownloadableSampleTitle);
        row::of_scope(titles, (column::STORE_ID, column::TITLE), self.store.id)?.to_char()
    }

    /// The website's price, else the default one; 0 without any.
    fn link_price(&self, link: u32) -> Json {
        use downloadable_link_price as column;
        let price = self.around.parts.links.get(&link).and_then(|sheet| {
            let prices = || sheet.rows(Table::DownloadableLinkPrice);
            let scope = (column::WEBSITE_ID, column::PRICE);
            row::of_scope(prices, scope, self.store.website_id).and_then(row::decimal_of)
        });
        number(price.unwrap_or_default())
    }

    /// Samples are handed out by the shop, which knows where they are.
    fn download_url(&self, action: &str, id: u32) -> String {
        format!("{}downloadable/download/{action}/{id}", self.urls().base())
    }
}
