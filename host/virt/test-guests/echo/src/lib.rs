//! A layer that shows what is its own: `get_host_ip_addr` answers its setting, how often it has been asked according to its
//! durable data, and in brackets what the driver below answers.

use novarig_driver_sdk::{Driver, Layer, VirtError, below, durable, export_driver, log, settings};

#[derive(Default)]
struct Echo;

impl Driver<Layer> for Echo {
    async fn get_host_ip_addr(&self) -> Result<String, VirtError> {
        let tag: String = settings::get("tag")?;
        let asked = durable::get("asked").unwrap_or_default().len() + 1;
        durable::set("asked", &vec![0; asked]);
        log::info(&format!("{tag} is asked"));
        Ok(format!("{tag}{asked}({})", below::get_host_ip_addr().await?))
    }
}

export_driver! {
    Echo: layer,
    name: "echo",
    summary: "Shows what is its own",
    settings: {
        tag: text = "none", "What it answers";
    },
}
