//! The attribute `layer` of the driver SDK.
//!
//! Rust does not tell which methods of a trait an `impl` writes itself and which it leaves to their defaults. A layer leaves
//! most of them, and those need not take apart the parameters that they only hand on. So the attribute writes down what it
//! sees in the `impl`.

use proc_macro::{Delimiter, Group, TokenStream, TokenTree};

/// Put over `impl Driver<Layer> for …`: calls of the methods that the `impl` does not have go to the driver below as they
/// came, without being taken apart. Without it they get there too, but the component is several times as large.
#[proc_macro_attribute]
pub fn layer(arguments: TokenStream, item: TokenStream) -> TokenStream {
    if !arguments.is_empty() {
        return error("`#[layer]` takes no arguments");
    }
    let mut tokens: Vec<TokenTree> = item.into_iter().collect();
    let Some(TokenTree::Group(body)) = tokens.last() else {
        return error("`#[layer]` stands over an `impl`");
    };
    if body.delimiter() != Delimiter::Brace {
        return error("`#[layer]` stands over an `impl`");
    }
    let names: Vec<String> = methods(body.stream()).iter().map(|name| format!("{name:?}")).collect();
    let Ok(list) = format!(
        "const OVERRIDES: ::core::option::Option<&'static [&'static str]> = ::core::option::Option::Some(&[{}]);",
        names.join(", ")
    )
    .parse::<TokenStream>() else {
        return error("`#[layer]` cannot read the names of the methods");
    };
    let mut group = Group::new(Delimiter::Brace, list.into_iter().chain(body.stream()).collect());
    group.set_span(body.span());
    tokens.pop();
    tokens.push(TokenTree::Group(group));
    tokens.into_iter().collect()
}

/// The names after each `fn` that is not within brackets of any kind.
fn methods(body: TokenStream) -> Vec<String> {
    let mut names = Vec::new();
    let mut tokens = body.into_iter();
    while let Some(token) = tokens.next() {
        if let TokenTree::Ident(word) = token
            && word.to_string() == "fn"
            && let Some(TokenTree::Ident(name)) = tokens.next()
        {
            names.push(name.to_string());
        }
    }
    names
}

fn error(text: &str) -> TokenStream {
    format!("::core::compile_error!({text:?});").parse().unwrap_or_default()
}
