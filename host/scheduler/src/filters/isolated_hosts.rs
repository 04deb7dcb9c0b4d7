//! IsolatedHostsFilter: some images to some hosts (`nova/scheduler/filters/isolated_hosts_filter.py`).

use super::Filter;
use model::{Options, RequestSpec};

pub(super) fn filter<'a>(request: &'a RequestSpec, options: &'a Options) -> Filter<'a> {
    let image = request.image.map(|image| image.to_string());
    let image_isolated = image.is_some_and(|image| options.isolated_images.contains(&image));
    let restrict = options.restrict_isolated_hosts_to_isolated_images;
    Filter::new(move |state| {
        let host_isolated = options.isolated_hosts.iter().any(|host| state.host == host.as_str());
        if restrict { image_isolated == host_isolated } else { !image_isolated || host_isolated }
    })
    .once()
    .on_rebuild()
}

#[cfg(test)]
mod tests {
    use crate::filters::tests::{host, passes_with, request};
    use model::options::FilterName::IsolatedHostsFilter;
    use model::{ImageId, Options};

    #[test]
    fn isolated_images_go_to_isolated_hosts_and_others_stay_away_if_restricted() {
        let image: ImageId = "155d900f-4e14-4e4c-a73d-069cbf4541e6".parse().unwrap();
        let mut isolated = request();
        isolated.image = Some(image);
        let mut options = Options::default();
        options.set_by_name("isolated_images", &image.to_string()).unwrap();
        options.set_by_name("isolated_hosts", "kept").unwrap();
        for (restrict, image_isolated, name, expected) in [
            (true, true, "kept", true),
            (true, true, "open", false),
            (true, false, "kept", false),
            (true, false, "open", true),
            (false, true, "kept", true),
            (false, true, "open", false),
            (false, false, "kept", true),
            (false, false, "open", true),
        ] {
            options.restrict_isolated_hosts_to_isolated_images = restrict;
            let asked = if image_isolated { isolated.clone() } else { request() };
            let passed = passes_with(IsolatedHostsFilter, &asked, &host(name), &options);
            assert_eq!(passed, expected, "restrict {restrict}, image isolated {image_isolated}, host {name}");
        }
    }
}
